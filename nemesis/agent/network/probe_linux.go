package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Capabilities is what the kernel lets the caller do in a namespace.
type Capabilities struct {
	NFTables agent.Capability
	Reject   agent.Capability
	NFQueue  agent.Capability
	Netem    agent.Capability
}

// probe tries each primitive on something that no packet meets. Kernels lack
// any of them, and privileges too; no version number tells.
func probe(namespace int) Capabilities {
	c := Capabilities{
		NFTables: capability("", tryRule(namespace, Drop, queueNone)),
		Reject:   capability("", tryRule(namespace, Reset, queueNone)),
		Netem:    capability("", tryNetem(namespace)),
	}
	how, err := tryQueue(namespace)
	c.NFQueue = capability(string(how), err)
	return c
}

func capability(how string, err error) agent.Capability {
	if err != nil {
		return agent.Capability{Reason: err.Error()}
	}
	return agent.Capability{Supported: true, How: how}
}

// tryRule makes a rule in a chain that is not hooked to anything and deletes
// both in the same transaction.
func tryRule(namespace int, action Action, how queueHow) error {
	conn, err := connect(namespace)
	if err != nil {
		return err
	}
	scratch := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName + "-probe"})
	chain := conn.AddChain(&nftables.Chain{Name: "probe", Table: scratch})
	rule := Rule{Peer: "probe", Address: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Action: action}
	conn.AddRule(&nftables.Rule{Table: scratch, Chain: chain, Exprs: expressions(rule, how)})
	conn.DelTable(scratch)
	err = conn.Flush()
	switch {
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("the kernel has no nftables rule for %q: %w", action, err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("nftables needs CAP_NET_ADMIN: %w", err)
	case err != nil:
		return fmt.Errorf("nftables rule for %q: %w", action, err)
	}
	return nil
}

// tryQueue finds the way to user space that works, and binds the queue.
func tryQueue(namespace int) (queueHow, error) {
	how := queueNative
	if tryRule(namespace, Queue, queueNative) != nil {
		how = queueCompat
		if err := tryRule(namespace, Queue, queueCompat); err != nil {
			return queueNone, err
		}
	}
	q, err := openQueue(namespace)
	if err != nil {
		return queueNone, err
	}
	if err := q.close(); err != nil {
		return queueNone, fmt.Errorf("close nfqueue: %w", err)
	}
	return how, nil
}
