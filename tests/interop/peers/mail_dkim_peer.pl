# Mail::DKIM, one job a line on standard input, one answer a line, as dkimpy_peer.py has them.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use Net::DNS;
use Mail::DKIM::DNS;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;

# Answers from the keys of the job.
package Keys;
sub new { my ($class, $keys) = @_; return bless {keys => $keys}, $class; }
sub errorstring { return 'NOERROR'; }
sub send {
    my ($self, $name, $type) = @_;
    my $packet = Net::DNS::Packet->new($name, $type);
    my $record = $self->{keys}{lc $name};
    if (defined $record) {
        my @strings = $record =~ /(.{1,255})/gs;
        $packet->push(answer => Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => \@strings));
    } else {
        $packet->header->rcode('NXDOMAIN');
    }
    return $packet;
}

package main;
$| = 1;
my $json = JSON::PP->new->allow_nonref;
while (my $line = <STDIN>) {
    my $job = $json->decode($line);
    my $answer = eval {
        open my $file, '<:raw', $job->{letter} or die "$job->{letter}: $!";
        my $octets = do { local $/; <$file> };
        if ($job->{do} eq 'sign') {
            my $signer = Mail::DKIM::Signer->new(
                Algorithm => $job->{algorithm}, Method => $job->{canon}, Domain => $job->{domain},
                Selector => $job->{selector}, KeyFile => $job->{key}, Headers => join(':', @{$job->{headers}}));
            $signer->PRINT($octets);
            $signer->CLOSE;
            return encode_base64($signer->signature->as_string . "\r\n", '');
        }
        Mail::DKIM::DNS::resolver(Keys->new($job->{keys}));
        my $verifier = Mail::DKIM::Verifier->new();
        $verifier->PRINT($octets);
        $verifier->CLOSE;
        return $verifier->result eq 'pass' ? JSON::PP::true : $verifier->result_detail;
    };
    print $json->encode(defined $answer ? $answer : "$@"), "\n";
}
