package docker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"regexp"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// subnet is the network of one cluster: node i has the address with i as its
// last byte, the bridge to this machine the one after all nodes'. Addresses
// that are known before anything starts make configurations that never change.
type subnet struct{ prefix netip.Prefix }

// pool is cut into subnets. It is reserved for benchmarks of network devices
// (RFC 2544), so that no office, home or VPN should use it.
var pool = netip.MustParsePrefix("198.18.0.0/16")

const gatewayByte = 254

func (s subnet) node(id int) netip.Addr { return s.host(byte(id)) }
func (s subnet) gateway() netip.Addr    { return s.host(gatewayByte) }

func (s subnet) host(last byte) netip.Addr {
	address := s.prefix.Addr().As4()
	address[3] = last
	return netip.AddrFrom4(address)
}

// subnetTries is how many subnets are tried before that is an error: those of
// other clusters are in the way, and nobody can reserve one.
const subnetTries = 32

var poolOverlaps = regexp.MustCompile(`Pool overlaps|pool overlaps|overlaps with`)

// makeNetwork makes the user network of a run, unless its name is taken.
func (e *Engine) makeNetwork(ctx context.Context, name string, labels map[string]string) (subnet, error) {
	if err := e.refuseTakenNetwork(ctx, name); err != nil {
		return subnet{}, err
	}
	local := localPrefixes()
	var err error
	for range subnetTries {
		s := drawSubnet()
		if overlaps(s.prefix, local) {
			err = fmt.Errorf("subnet %s is this machine's own", s.prefix)
			continue
		}
		_, err = e.api.NetworkCreate(ctx, name, client.NetworkCreateOptions{
			Driver: "bridge", Labels: labels,
			IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: s.prefix, Gateway: s.gateway()}}},
		})
		if err == nil {
			return s, nil
		}
		if !poolOverlaps.MatchString(err.Error()) {
			break
		}
	}
	return subnet{}, fmt.Errorf("make network %s: %w", name, explain(err))
}

// refuseTakenNetwork asks, since an engine before API 1.44 makes a second
// network of the same name, and then connects containers to either.
func (e *Engine) refuseTakenNetwork(ctx context.Context, name string) error {
	networks, err := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("name", name)})
	if err != nil {
		return fmt.Errorf("make network %s: %w", name, explain(err))
	}
	for _, n := range networks.Items { // the filter takes parts of names
		if n.Name == name {
			return fmt.Errorf("make network: %w: %s", ErrNameTaken, name)
		}
	}
	return nil
}

func drawSubnet() subnet {
	address := pool.Addr().As4()
	address[2] = byte(rand.IntN(256))
	return subnet{netip.PrefixFrom(netip.AddrFrom4(address), 24)}
}

// localPrefixes are the networks that this machine is in. If they can't be told
// the engine has the last word alone.
func localPrefixes() []netip.Prefix {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var prefixes []netip.Prefix
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes
}

func overlaps(with netip.Prefix, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Overlaps(with) {
			return true
		}
	}
	return false
}
