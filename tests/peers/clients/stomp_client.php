<?php
// A client by the PECL extension: php stomp_client.php PORT CASE; fails by a non-zero status.
[, $port, $case] = $argv;
$queue = "/queue/php-$case";
set_time_limit(20);
ini_set('default_socket_timeout', '15');

function connect(string $passcode = 'secret', array $headers = []): Stomp {
    global $port;
    $stomp = new Stomp("tcp://127.0.0.1:$port", 'alice', $passcode, $headers);
    $stomp->setReadTimeout(15);
    return $stomp;
}

function check($wanted, $found): void {
    if ($wanted === $found) return;
    fwrite(STDERR, 'wanted ' . json_encode($wanted) . ', found ' . json_encode($found) . "\n");
    exit(1);
}

function subscribe(Stomp $stomp): void {
    global $queue;
    check(true, $stomp->subscribe($queue, ['id' => 's1', 'ack' => 'client-individual']));
}

$cases = [
    'text' => function () use ($queue) {
        $stomp = connect();
        check(true, $stomp->send($queue, "first: ü\n", ['receipt' => 'r1', 'x' => '1']));
        subscribe($stomp);
        $frame = $stomp->readFrame();
        check(['MESSAGE', "first: ü\n", '1'], [$frame->command, $frame->body, $frame->headers['x']]);
        check(true, $stomp->ack($frame, ['receipt' => 'r2']));
    },
    'bytes' => function () use ($queue) {
        $stomp = connect();
        $bytes = str_repeat(implode('', array_map('chr', range(0, 255))), 300);
        check(true, $stomp->send($queue, $bytes, ['receipt' => 'r1']));
        subscribe($stomp);
        check(base64_encode($bytes), base64_encode($stomp->readFrame()->body));
    },
    'transaction' => function () use ($queue) {
        $stomp = connect();
        check(true, $stomp->begin('t1', ['receipt' => 'r1']));
        check(true, $stomp->send($queue, 'aborted', ['transaction' => 't1']));
        check(true, $stomp->abort('t1', ['receipt' => 'r2']));
        check(true, $stomp->begin('t2', ['receipt' => 'r3']));
        check(true, $stomp->send($queue, 'committed', ['transaction' => 't2']));
        check(true, $stomp->commit('t2', ['receipt' => 'r4']));
        subscribe($stomp);
        check('committed', $stomp->readFrame()->body);
    },
    'redelivery' => function () use ($queue) {
        $stomp = connect();
        check(true, $stomp->send($queue, 'again', ['receipt' => 'r1']));
        subscribe($stomp);
        check('again', $stomp->readFrame()->body);
        unset($stomp);
        $stomp = connect();
        subscribe($stomp);
        $frame = $stomp->readFrame();
        check(['again', 'true'], [$frame->body, $frame->headers['redelivered'] ?? null]);
    },
    'topic' => function () {
        $stomp = connect();
        check(true, $stomp->subscribe('/topic/php', ['id' => 's1', 'receipt' => 'r1']));
        check(true, $stomp->send('/topic/php', 'published'));
        check('published', $stomp->readFrame()->body);
        check(true, $stomp->unsubscribe('/topic/php', ['id' => 's1', 'receipt' => 'r2']));
    },
    'nack' => function () use ($queue) {
        $stomp = connect();
        check(true, $stomp->send($queue, 'again', ['receipt' => 'r1']));
        subscribe($stomp);
        check(true, $stomp->nack($stomp->readFrame()));
        $frame = $stomp->readFrame();
        check(['again', 'true'], [$frame->body, $frame->headers['redelivered'] ?? null]);
    },
    'receipts' => function () use ($queue) {
        $stomp = connect();
        check(true, $stomp->send($queue, 'waiting', ['receipt' => 'r1']));
        check(true, $stomp->subscribe($queue, ['id' => 's1', 'receipt' => 'r2']));
        $frame = $stomp->readFrame();
        check('waiting', $frame->body);
        check(true, $stomp->ack($frame, ['receipt' => 'r3']));
        check(true, $stomp->send($queue, 'own', ['receipt' => 'r4']));
        check('own', $stomp->readFrame()->body);
    },
    'durable' => function () {
        $name = ['id' => 's1', 'activemq.subscriptionName' => 'n', 'receipt' => 'r1'];
        $stomp = connect('secret', ['client-id' => 'c']);
        check(true, $stomp->subscribe('/topic/php', $name));
        unset($stomp);
        check(true, connect()->send('/topic/php', 'meanwhile', ['receipt' => 'r2']));
        $stomp = connect('secret', ['client-id' => 'c']);
        check(true, $stomp->subscribe('/topic/php', $name));
        check('meanwhile', $stomp->readFrame()->body);
        check(true, $stomp->unsubscribe('/topic/php', $name));
    },
    'browse' => function () use ($queue) {
        $stomp = connect();
        check(true, $stomp->send($queue, 'seen', ['receipt' => 'r1']));
        foreach (['b1', 'b2'] as $id) {
            check(true, $stomp->subscribe($queue, ['id' => $id, 'browser' => 'true', 'ack' => 'auto']));
            check('seen', $stomp->readFrame()->body);
            check('end', $stomp->readFrame()->headers['browser'] ?? null);
        }
    },
    'password' => function () {
        try {
            connect('wrong');
            check('an exception', 'none');
        } catch (StompException $error) {
            check(1, preg_match('/login|passcode/i', $error->getMessage() . $error->getDetails()));
        }
    },
];

$cases[$case]();
