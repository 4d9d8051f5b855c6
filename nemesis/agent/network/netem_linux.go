package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// netem delays in the kernel what arrives: a qdisc works on what leaves an
// interface, so the packets of a shaped peer take a detour over an interface
// of our own (ifb), where each peer has a class with a netem of its own.
//
// It is second choice, for kernels without nfqueue: its randomness cannot be
// seeded.
type netem struct {
	handle *netlink.Handle
}

const (
	detourName = "ackproof0"
	// netemLimit is in packets, as queueLength.
	netemLimit = queueLength
	// classRate, in bits/s, is no limit: HTB is here for its classes only.
	classRate = 100_000_000_000
)

var (
	rootHandle    = netlink.MakeHandle(1, 0)
	ingressHandle = netlink.MakeHandle(0xffff, 0)
)

func openNetem(namespace int) (*netem, error) {
	at := netns.None()
	if namespace != 0 {
		at = netns.NsHandle(namespace)
	}
	handle, err := netlink.NewHandleAt(at, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netem: %w", err)
	}
	return &netem{handle: handle}, nil
}

// tryNetem builds the whole detour for an address that sends nothing, and
// takes it away.
func tryNetem(namespace int) error {
	n, err := openNetem(namespace)
	if err != nil {
		return err
	}
	defer n.handle.Close()
	documentation := "192.0.2.1" // RFC 5737
	err = n.apply(agent.State{
		Peers: map[string]string{"probe": documentation},
		Links: map[string]agent.Link{"probe": {DelayMS: 1}},
	})
	if err != nil {
		_ = n.remove() // why it failed says more
		return err
	}
	return n.remove()
}

// apply replaces the detour with that of the state. It takes several messages,
// so for a moment packets pass unshaped.
func (n *netem) apply(state agent.State) error {
	if err := n.remove(); err != nil {
		return err
	}
	shaped := shapedPeers(state)
	if len(shaped) == 0 {
		return nil
	}
	detour, err := n.addDetour()
	if err != nil {
		return err
	}
	for i, peer := range shaped {
		if err := n.addClass(detour, uint16(i+1), state, peer); err != nil {
			return fmt.Errorf("netem for %s: %w", peer, err)
		}
	}
	uplinks, err := n.uplinks()
	if err != nil {
		return err
	}
	for _, uplink := range uplinks {
		if err := n.divert(uplink, detour, state, shaped); err != nil {
			return fmt.Errorf("netem on %s: %w", uplink.Attrs().Name, err)
		}
	}
	return nil
}

func shapedPeers(state agent.State) []string {
	var shaped []string
	for _, peer := range slices.Sorted(maps.Keys(state.Links)) {
		if link := state.Links[peer]; link.Shaped() && !link.Cut {
			shaped = append(shaped, peer)
		}
	}
	return shaped
}

// addDetour makes the interface and the qdisc that carries the peers' classes.
func (n *netem) addDetour() (netlink.Link, error) {
	if err := n.handle.LinkAdd(&netlink.Ifb{LinkAttrs: netlink.LinkAttrs{Name: detourName}}); err != nil {
		return nil, fmt.Errorf("the kernel adds no ifb interface: %w", err)
	}
	detour, err := n.handle.LinkByName(detourName)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", detourName, err)
	}
	if err := n.handle.LinkSetUp(detour); err != nil {
		return nil, fmt.Errorf("interface %s up: %w", detourName, err)
	}
	root := netlink.NewHtb(netlink.QdiscAttrs{LinkIndex: detour.Attrs().Index, Handle: rootHandle, Parent: netlink.HANDLE_ROOT})
	if err := n.handle.QdiscAdd(root); err != nil {
		return nil, fmt.Errorf("the kernel adds no htb qdisc: %w", err)
	}
	return detour, nil
}

// addClass gives a peer's packets on the detour their own netem.
func (n *netem) addClass(detour netlink.Link, minor uint16, state agent.State, peer string) error {
	index := detour.Attrs().Index
	class := netlink.MakeHandle(1, minor)
	err := n.handle.ClassAdd(netlink.NewHtbClass(
		netlink.ClassAttrs{LinkIndex: index, Parent: rootHandle, Handle: class},
		netlink.HtbClassAttrs{Rate: classRate, Ceil: classRate}))
	if err != nil {
		return fmt.Errorf("class: %w", err)
	}
	err = n.handle.QdiscAdd(netlink.NewNetem(
		netlink.QdiscAttrs{LinkIndex: index, Parent: class, Handle: netlink.MakeHandle(minor+1, 0)},
		netemOf(state.Links[peer])))
	if err != nil {
		return fmt.Errorf("the kernel adds no netem qdisc: %w", err)
	}
	filter := fromPeer(index, rootHandle, state, peer)
	filter.ClassId = class
	if err := n.handle.FilterAdd(filter); err != nil {
		return fmt.Errorf("the kernel adds no u32 filter: %w", err)
	}
	return nil
}

// netemOf translates a link: netem draws evenly from latency-jitter to
// latency+jitter, a link from delay to delay+jitter. Netem always lets a packet
// with a small jitter overtake, see checkNetem.
func netemOf(link agent.Link) netlink.NetemQdiscAttrs {
	const usPerMS = 1000
	return netlink.NetemQdiscAttrs{
		Latency: uint32(link.DelayMS*usPerMS + link.JitterMS*usPerMS/2),
		Jitter:  uint32(link.JitterMS * usPerMS / 2),
		Loss:    float32(link.LossPercent),
		Limit:   netemLimit,
	}
}

// divert sends what arrives from the shaped peers over the detour.
func (n *netem) divert(uplink, detour netlink.Link, state agent.State, shaped []string) error {
	index := uplink.Attrs().Index
	ingress := &netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: index, Handle: ingressHandle, Parent: netlink.HANDLE_INGRESS}}
	if err := n.handle.QdiscAdd(ingress); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("the kernel adds no ingress qdisc: %w", err)
	}
	for _, peer := range shaped {
		filter := fromPeer(index, ingressHandle, state, peer)
		filter.RedirIndex = detour.Attrs().Index
		if err := n.handle.FilterAdd(filter); err != nil {
			return fmt.Errorf("the kernel adds no redirecting filter: %w", err)
		}
	}
	return nil
}

func fromPeer(index int, parent uint32, state agent.State, peer string) *netlink.U32 {
	source := netip.MustParseAddr(state.Peers[peer]).As4()
	return &netlink.U32{
		FilterAttrs: netlink.FilterAttrs{LinkIndex: index, Parent: parent, Priority: 1, Protocol: unix.ETH_P_IP},
		Sel: &netlink.TcU32Sel{
			Flags: nl.TC_U32_TERMINAL,
			Nkeys: 1,
			Keys:  []netlink.TcU32Key{{Mask: math.MaxUint32, Val: binary.BigEndian.Uint32(source[:]), Off: sourceOffset}},
		},
	}
}

// uplinks are the interfaces that packets of peers arrive on.
func (n *netem) uplinks() ([]netlink.Link, error) {
	links, err := n.handle.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	return slices.DeleteFunc(links, func(l netlink.Link) bool {
		a := l.Attrs()
		return a.Flags&net.FlagLoopback != 0 || a.Flags&net.FlagUp == 0 || a.Name == detourName
	}), nil
}

// remove takes the detour and the ways to it away; none is no error.
func (n *netem) remove() error {
	uplinks, err := n.uplinks()
	if err != nil {
		return err
	}
	detour, err := n.handle.LinkByName(detourName)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("interface %s: %w", detourName, err)
	}
	for _, uplink := range uplinks {
		ingress := &netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: uplink.Attrs().Index, Handle: ingressHandle, Parent: netlink.HANDLE_INGRESS}}
		if err := n.handle.QdiscDel(ingress); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("remove ingress qdisc of %s: %w", uplink.Attrs().Name, err)
		}
	}
	if err := n.handle.LinkDel(detour); err != nil {
		return fmt.Errorf("remove interface %s: %w", detourName, err)
	}
	return nil
}
