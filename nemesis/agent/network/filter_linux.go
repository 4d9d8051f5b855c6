package network

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/ackproof/ackproof/nemesis/agent"
)

const (
	tableName = "ackproof"
	// Before every usual filter and before connection tracking's: a packet that
	// is cut was never seen.
	chainPriority = -400
	// netlinkBuffer holds the acknowledgements of one transaction. With the
	// default some hundred rules end in "no buffer space", although they came
	// into force.
	netlinkBuffer = 4 << 20
)

// filter is our nftables table in one network namespace.
type filter struct {
	namespace int // 0 is the caller's own
	queueHow  queueHow
	// counted are the counters of rules that are gone.
	counted map[string]agent.PeerStats
}

func newFilter(namespace int, how queueHow) *filter {
	return &filter{namespace: namespace, queueHow: how, counted: map[string]agent.PeerStats{}}
}

func connect(namespace int) (*nftables.Conn, error) {
	options := []nftables.ConnOption{nftables.WithSockOptions(func(c *netlink.Conn) error {
		return c.SetReadBuffer(netlinkBuffer)
	})}
	if namespace != 0 {
		options = append(options, nftables.WithNetNSFd(namespace))
	}
	conn, err := nftables.New(options...)
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	return conn, nil
}

func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName}
}

// apply replaces all rules in one transaction and reads them back.
func (f *filter) apply(rules []Rule) error {
	conn, err := connect(f.namespace)
	if err != nil {
		return err
	}
	// What is counted between this and the commit is lost: evidence may be a few
	// packets short, never long.
	live, err := f.live(conn)
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	f.write(conn, rules)
	// The error alone does not say whether the transaction is in force: the
	// acknowledgement can get lost. What is in force says it.
	flushed := conn.Flush()
	if err := f.verify(conn, rules); err != nil {
		if flushed != nil {
			return fmt.Errorf("nftables: %w (%w)", flushed, err)
		}
		return fmt.Errorf("nftables: %w", err)
	}
	f.counted = sum(f.counted, live)
	return nil
}

// write keeps the chains, also empty ones: when a hook is taken away, the kernel
// drops all packets that wait for a verdict, of every peer.
func (f *filter) write(conn *nftables.Conn, rules []Rule) {
	conn.AddTable(table())
	for _, chain := range chains() {
		conn.AddChain(chain)
		conn.FlushChain(chain)
	}
	for _, rule := range rules {
		conn.AddRule(&nftables.Rule{
			Table:    table(),
			Chain:    chainOf(rule.Action),
			Exprs:    expressions(rule, f.queueHow),
			UserData: userdata.AppendString(nil, userdata.TypeComment, comment(rule)),
		})
	}
}

// remove takes the table away; none is no error.
func (f *filter) remove() error {
	conn, err := connect(f.namespace)
	if err != nil {
		return err
	}
	conn.AddTable(table()) // so that there is one to delete
	conn.DelTable(table())
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("nftables: remove table: %w", err)
	}
	return nil
}

// chains are ours, in the order of a plan's rules.
func chains() []*nftables.Chain {
	return []*nftables.Chain{
		chain("input", nftables.ChainHookInput),
		chain("output", nftables.ChainHookOutput),
	}
}

func chainOf(action Action) *nftables.Chain {
	if action == DropReplies {
		return chains()[1]
	}
	return chains()[0]
}

func chain(name string, hook *nftables.ChainHook) *nftables.Chain {
	return &nftables.Chain{
		Name:     name,
		Table:    table(),
		Type:     nftables.ChainTypeFilter,
		Hooknum:  hook,
		Priority: nftables.ChainPriorityRef(chainPriority),
	}
}

// comment names a rule, for us and for who types "nft list ruleset".
func comment(rule Rule) string { return fmt.Sprintf("%s %s", rule.Action, rule.Peer) }

// verify compares the kernel's rules with the wanted ones.
func (f *filter) verify(conn *nftables.Conn, rules []Rule) error {
	inForce, err := list(conn)
	if err != nil {
		return err
	}
	var got, want []string
	for _, rule := range inForce {
		text, _ := userdata.GetString(rule.UserData, userdata.TypeComment)
		got = append(got, text)
	}
	for _, rule := range rules {
		want = append(want, comment(rule))
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("rules in force are %q, wanted %q", got, want)
	}
	return nil
}

// list returns the rules of our chains; none if there is no table.
func list(conn *nftables.Conn) ([]*nftables.Rule, error) {
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	if !slices.ContainsFunc(tables, func(t *nftables.Table) bool { return t.Name == tableName }) {
		return nil, nil
	}
	var rules []*nftables.Rule
	for _, chain := range chains() {
		part, err := conn.GetRules(table(), chain)
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return nil, fmt.Errorf("list rules: %w", err)
		}
		rules = append(rules, part...)
	}
	return rules, nil
}

// live reads the counters of the rules in force.
func (f *filter) live(conn *nftables.Conn) (map[string]agent.PeerStats, error) {
	rules, err := list(conn)
	if err != nil {
		return nil, err
	}
	counts := map[string]agent.PeerStats{}
	for _, rule := range rules {
		text, _ := userdata.GetString(rule.UserData, userdata.TypeComment)
		var action Action
		var peer string
		if _, err := fmt.Sscan(text, &action, &peer); err != nil {
			return nil, fmt.Errorf("rule %d has the comment %q, which is not ours: %w", rule.Handle, text, err)
		}
		count := counts[peer]
		for _, e := range rule.Exprs {
			counter, is := e.(*expr.Counter)
			if !is {
				continue
			}
			switch action {
			case DropReplies:
				count.Unsent = agent.Count{Packets: counter.Packets, Bytes: counter.Bytes}
			case Drop:
				count.Dropped = agent.Count{Packets: counter.Packets, Bytes: counter.Bytes}
			case Reset:
				count.Reset = agent.Count{Packets: counter.Packets, Bytes: counter.Bytes}
			}
		}
		counts[peer] = count
	}
	return counts, nil
}

// stats returns the counts since the start, by peer.
func (f *filter) stats() (map[string]agent.PeerStats, error) {
	conn, err := connect(f.namespace)
	if err != nil {
		return nil, err
	}
	live, err := f.live(conn)
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	return sum(f.counted, live), nil
}
