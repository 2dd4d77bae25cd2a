# SPDX-License-Identifier: GPL-2.0-only
#
# "leak": make_node() makes a parent and a child that hold each other. "healthy": one weakly.
use strict;
use warnings;
use Scalar::Util qw(weaken);

my $leak = $ARGV[0] eq "leak";

sub make_node {
    my $parent = { name => "p" x 500 };
    my $child = { parent => $parent, data => "d" x 1500 };
    weaken($child->{parent}) unless $leak;
    $parent->{child} = $child;
    return length $parent->{name};
}

while (1) {
    make_node() for 1 .. 10;
    select(undef, undef, undef, 0.1);
}
