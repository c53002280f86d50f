# A client by Net::Stomp: perl stomp_client.pl PORT VERSION CASE; fails by a non-zero status.
use strict;
use warnings;
use Net::Stomp;

my ($port, $version, $case) = @ARGV;
my $queue = "/queue/perl-$version-$case";
alarm 20;

sub client {
    my ($passcode, %more) = @_;
    my $stomp = Net::Stomp->new({
        hostname => '127.0.0.1', port => $port, timeout => 15, reconnect_attempts => 1,
    });
    my %headers = $version eq '1.0' ? () : ('accept-version' => $version, host => 'localhost');
    my $frame = $stomp->connect({ login => 'alice', passcode => $passcode // 'secret', %headers, %more });
    return ($stomp, $frame);
}

sub check {
    my ($wanted, $found) = @_;
    $found //= '(nothing)';
    die "wanted '$wanted', found '$found'\n" unless $wanted eq $found;
}

sub subscribe {
    my ($stomp, $destination, $ack) = @_;
    $stomp->subscribe({ id => 's1', destination => $destination // $queue, ack => $ack // 'client-individual' });
}

# What an ACK says besides the message-id that Net::Stomp always sends.
sub named {
    my ($frame) = @_;
    return (frame => $frame) if $version eq '1.0';
    return (frame => $frame, subscription => 's1') if $version eq '1.1';
    return (frame => $frame, id => $frame->headers->{ack});
}

my %cases = (
    text => sub {
        my ($stomp, $connected) = client();
        check('CONNECTED', $connected->command);
        check($version, $connected->headers->{version} // '1.0');
        $stomp->send_with_receipt({ destination => $queue, body => "first: \xc3\xbc\n", x => '1' }) or die "no receipt\n";
        subscribe($stomp);
        my $frame = $stomp->receive_frame;
        check('MESSAGE', $frame->command);
        check("first: \xc3\xbc\n", $frame->body);
        check('1', $frame->headers->{x});
        check($queue, $frame->destination);
        $stomp->ack({ named($frame) });
        $stomp->disconnect;
    },
    bytes => sub {
        my ($stomp) = client();
        my $bytes = join('', map { chr } 0 .. 255) x 300;
        $stomp->send({ destination => $queue, body => $bytes, bytes_message => 1 });
        subscribe($stomp);
        check($bytes, $stomp->receive_frame->body);
        $stomp->disconnect;
    },
    transaction => sub {
        my ($stomp) = client();
        $stomp->send_transactional({ destination => $queue, body => 'committed' }) or die "not committed\n";
        subscribe($stomp);
        check('committed', $stomp->receive_frame->body);
        $stomp->disconnect;
    },
    redelivery => sub {
        my ($stomp) = client();
        $stomp->send({ destination => $queue, body => 'again' });
        subscribe($stomp);
        check('again', $stomp->receive_frame->body);
        $stomp->disconnect;
        ($stomp) = client();
        subscribe($stomp);
        my $frame = $stomp->receive_frame;
        check('again', $frame->body);
        check('true', $frame->headers->{redelivered});
        $stomp->ack({ named($frame) });
        $stomp->disconnect;
    },
    nack => sub {
        my ($stomp) = client();
        $stomp->send({ destination => $queue, body => 'again' });
        subscribe($stomp);
        $stomp->nack({ named($stomp->receive_frame) });
        my $frame = $stomp->receive_frame;
        check('again', $frame->body);
        check('true', $frame->headers->{redelivered});
        $stomp->ack({ named($frame) });
        $stomp->disconnect;
    },
    topic => sub {
        my ($stomp) = client();
        my $topic = "/topic/perl-$version";
        my ($other) = client();
        $stomp->subscribe({ id => 's1', destination => $topic, receipt => 'r1' });
        check('r1', $stomp->receive_frame->headers->{'receipt-id'});
        $other->send({ destination => $topic, body => 'published' });
        check('published', $stomp->receive_frame->body);
        $stomp->unsubscribe({ id => 's1', destination => $topic });
        $other->disconnect;
        $stomp->disconnect;
    },
    receipts => sub {
        my ($stomp) = client();
        $stomp->send_with_receipt({ destination => $queue, body => 'waiting' }) or die "no receipt\n";
        $stomp->subscribe({ id => 's1', destination => $queue, receipt => 'r1' });
        check('r1', $stomp->receive_frame->headers->{'receipt-id'});
        check('waiting', $stomp->receive_frame->body);
        $stomp->send_with_receipt({ destination => $queue, body => 'own' }) or die "no receipt\n";
        check('own', $stomp->receive_frame->body);
        $stomp->disconnect;
    },
    durable => sub {
        my $topic = "/topic/perl-$version";
        my %name = ('activemq.subscriptionName' => 'n');
        my ($stomp) = client(undef, 'client-id' => 'c');
        $stomp->subscribe({ id => 's1', destination => $topic, receipt => 'r1', %name });
        check('r1', $stomp->receive_frame->headers->{'receipt-id'});
        $stomp->disconnect;
        my ($other) = client();
        $other->send_with_receipt({ destination => $topic, body => 'meanwhile' }) or die "no receipt\n";
        ($stomp) = client(undef, 'client-id' => 'c');
        $stomp->subscribe({ id => 's1', destination => $topic, %name });
        check('meanwhile', $stomp->receive_frame->body);
        $stomp->unsubscribe({ id => 's1', destination => $topic, receipt => 'r2', %name });
        check('r2', $stomp->receive_frame->headers->{'receipt-id'});
        $stomp->disconnect;
    },
    browse => sub {
        my ($stomp) = client();
        $stomp->send_with_receipt({ destination => $queue, body => 'seen' }) or die "no receipt\n";
        for my $id ('b1', 'b2') {
            $stomp->subscribe({ id => $id, destination => $queue, browser => 'true' });
            check('seen', $stomp->receive_frame->body);
            check('end', $stomp->receive_frame->headers->{browser});
        }
        $stomp->disconnect;
    },
    password => sub {
        my (undef, $frame) = client('wrong');
        check('ERROR', $frame->command);
    },
    escapes => sub {
        my ($stomp) = client();
        $stomp->send({ destination => $queue, body => 'x', odd => 'a:b' });
        subscribe($stomp);
        check('a:b', $stomp->receive_frame->headers->{odd});
        $stomp->disconnect;
    },
);

$cases{$case}->();
