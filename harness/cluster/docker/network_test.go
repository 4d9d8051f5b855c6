package docker

import (
	"net/netip"
	"testing"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/stretchr/testify/require"
)

func TestSubnetHasAnAddressForEverybody(t *testing.T) {
	s := drawSubnet()
	require.Equal(t, 24, s.prefix.Bits())
	require.True(t, pool.Contains(s.prefix.Addr()))
	seen := map[netip.Addr]bool{s.gateway(): true}
	for id := 1; id <= cluster.MaxNodes; id++ {
		address := s.node(id)
		require.True(t, s.prefix.Contains(address))
		require.False(t, seen[address], "%s twice", address)
		seen[address] = true
	}
}

func TestSubnetsOfThisMachineAreSeen(t *testing.T) {
	mine := []netip.Prefix{netip.MustParsePrefix("10.0.0.7/8"), netip.MustParsePrefix("198.18.3.1/30")}
	require.True(t, overlaps(netip.MustParsePrefix("198.18.3.0/24"), mine))
	require.False(t, overlaps(netip.MustParsePrefix("198.18.4.0/24"), mine))
	require.True(t, overlaps(netip.MustParsePrefix("127.0.0.0/24"), localPrefixes()), "loopback is everybody's")
}
