# A client by ruby-stomp: ruby stomp_client.rb PORT VERSION CASE; fails by a non-zero status.
require 'stomp'
require 'timeout'

PORT = ARGV[0].to_i
VERSION = ARGV[1]
CASE = ARGV[2]
QUEUE = "/queue/ruby-#{VERSION}-#{CASE}"

def connect(passcode = 'secret', more = {})
  headers = VERSION == '1.0' ? {} : { 'accept-version' => VERSION, 'host' => 'localhost' }
  Stomp::Connection.new(
    hosts: [{ login: 'alice', passcode: passcode, host: '127.0.0.1', port: PORT }],
    reliable: false,
    connect_headers: headers.merge(more)
  )
end

def check(wanted, found)
  raise "wanted #{wanted.inspect}, found #{found.inspect}" unless wanted == found
end

def subscribe(connection, queue = QUEUE, ack = 'client-individual')
  connection.subscribe(queue, { 'id' => 's1', 'ack' => ack }, 's1')
end

def confirmed(connection, wanted)
  frame = connection.receive
  check(['RECEIPT', wanted], [frame.command, frame.headers['receipt-id']])
end

def ack(connection, message, headers = {})
  case VERSION
  when '1.0' then connection.ack(message.headers['message-id'], headers)
  when '1.1' then connection.ack(message.headers['message-id'], headers.merge('subscription' => 's1'))
  else connection.ack(message.headers['ack'], headers)
  end
end

def leave(connection)
  connection.disconnect('receipt' => 'bye')
  check('bye', connection.disconnect_receipt.headers['receipt-id'])
end

CASES = {
  'text' => lambda do
    connection = connect
    check(VERSION, connection.protocol)
    headers = { 'x' => '1', 'receipt' => 'r1' }
    headers['odd'] = "a:b\nc" unless VERSION == '1.0'
    connection.publish(QUEUE, "first: ü\n", headers)
    confirmed(connection, 'r1')
    subscribe(connection)
    message = connection.receive
    check(['MESSAGE', "first: ü\n", '1'], [message.command, message.body.dup.force_encoding('UTF-8'), message.headers['x']])
    check("a:b\nc", message.headers['odd']) unless VERSION == '1.0'
    ack(connection, message)
    leave(connection)
  end,
  'escapes' => lambda do
    connection = connect
    connection.publish(QUEUE, 'x', 'odd' => 'a\\c:b')
    subscribe(connection)
    check('a\\c:b', connection.receive.headers['odd'])
    leave(connection)
  end,
  'bytes' => lambda do
    connection = connect
    bytes = (0..255).to_a.pack('C*') * 300
    connection.publish(QUEUE, bytes)
    subscribe(connection)
    message = connection.receive
    check(bytes, message.body.dup.force_encoding('BINARY'))
    ack(connection, message)
    leave(connection)
  end,
  'transaction' => lambda do
    connection = connect
    connection.begin('t1')
    connection.publish(QUEUE, 'aborted', 'transaction' => 't1')
    connection.abort('t1')
    connection.begin('t2')
    connection.publish(QUEUE, 'committed', 'transaction' => 't2')
    connection.commit('t2')
    subscribe(connection)
    message = connection.receive
    check('committed', message.body)
    ack(connection, message)
    leave(connection)
  end,
  'redelivery' => lambda do
    connection = connect
    connection.publish(QUEUE, 'again')
    subscribe(connection)
    check('again', connection.receive.body)
    leave(connection)
    connection = connect
    subscribe(connection)
    message = connection.receive
    check(['again', 'true'], [message.body, message.headers['redelivered']])
    ack(connection, message)
    leave(connection)
  end,
  'nack' => lambda do
    connection = connect
    connection.publish(QUEUE, 'again')
    subscribe(connection)
    message = connection.receive
    if VERSION == '1.1'
      connection.nack(message.headers['message-id'], 'subscription' => 's1')
    else
      connection.nack(message.headers['ack'])
    end
    message = connection.receive
    check(['again', 'true'], [message.body, message.headers['redelivered']])
    ack(connection, message)
    leave(connection)
  end,
  'topic' => lambda do
    connection = connect
    topic = "/topic/ruby-#{VERSION}"
    connection.subscribe(topic, { 'id' => 's1', 'receipt' => 'r1' }, 's1')
    confirmed(connection, 'r1')
    connection.publish(topic, 'published')
    check('published', connection.receive.body)
    connection.unsubscribe(topic, { 'id' => 's1', 'receipt' => 'r2' }, 's1')
    confirmed(connection, 'r2')
    leave(connection)
  end,
  'receipts' => lambda do
    connection = connect
    connection.publish(QUEUE, 'waiting', 'receipt' => 'r1')
    confirmed(connection, 'r1')
    connection.subscribe(QUEUE, { 'id' => 's1', 'receipt' => 'r2' }, 's1')
    confirmed(connection, 'r2')
    check('waiting', connection.receive.body)
    connection.publish(QUEUE, 'own', 'receipt' => 'r3')
    confirmed(connection, 'r3')
    check('own', connection.receive.body)
    leave(connection)
  end,
  'durable' => lambda do
    topic = "/topic/ruby-#{VERSION}"
    name = { 'id' => 's1', 'activemq.subscriptionName' => 'n' }
    connection = connect('secret', 'client-id' => 'c')
    connection.subscribe(topic, name.merge('receipt' => 'r1'), 's1')
    confirmed(connection, 'r1')
    leave(connection)
    other = connect
    other.publish(topic, 'meanwhile', 'receipt' => 'r2')
    confirmed(other, 'r2')
    connection = connect('secret', 'client-id' => 'c')
    connection.subscribe(topic, name, 's1')
    check('meanwhile', connection.receive.body)
    connection.unsubscribe(topic, name.merge('receipt' => 'r3'), 's1')
    confirmed(connection, 'r3')
    leave(connection)
  end,
  'browse' => lambda do
    connection = connect
    connection.publish(QUEUE, 'seen', 'receipt' => 'r1')
    confirmed(connection, 'r1')
    %w[b1 b2].each do |id|
      connection.subscribe(QUEUE, { 'id' => id, 'browser' => 'true' }, id)
      check('seen', connection.receive.body)
      check('end', connection.receive.headers['browser'])
    end
    leave(connection)
  end,
  'password' => lambda do
    begin
      connection = connect('wrong')
      check('ERROR', connection.connection_frame.command)
    rescue Stomp::Error::BrokerException
      # This is how newer versions put it.
    end
  end,
  'heart-beats' => lambda do
    connection = connect('secret', 'heart-beat' => '200,200')
    subscribe(connection)
    # Longer than the broker forgives a silent client, and the client a silent broker.
    sleep 1.2
    connection.publish(QUEUE, 'still there')
    message = connection.receive
    check('still there', message.body)
    raise 'no heart-beat was sent' if connection.hbsend_count.zero?
    ack(connection, message)
    leave(connection)
  end
}

Timeout.timeout(20) { CASES.fetch(CASE).call }
