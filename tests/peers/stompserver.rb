# Debian's stompserver: ruby stompserver.rb PORT DIRECTORY; says where it listens.
# /usr/bin/stompserver itself ends at the first connection since Ruby 3.0: it sets
# class variables from outside any class. This is that program without the mistake.
require 'socket'
require 'stomp_server'

port, directory = ARGV
$stdout.sync = true
$STOMP_SERVER = true

EventMachine.run do
  run = StompServer::Run.new(
    working_dir: directory, logdir: directory, etcdir: directory,
    pidfile: File.join(directory, 'pid'), queue: 'memory', checkpoint: 0, auth: false
  )
  run.start
  protocol = StompServer::Protocols::Stomp
  protocol.class_variable_set(:@@auth_required, run.auth_required)
  protocol.class_variable_set(:@@queue_manager, run.queue_manager)
  protocol.class_variable_set(:@@topic_manager, run.topic_manager)
  protocol.class_variable_set(:@@stompauth, run.stompauth)
  server = EventMachine.start_server('127.0.0.1', port.to_i, protocol)
  listening, = Socket.unpack_sockaddr_in(EventMachine.get_sockname(server))
  puts "listening on #{listening}"
end
