package network

import (
	"encoding/binary"

	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"
)

// queueHow is the way a rule sends packets to user space.
type queueHow string

// The ways: nft's own queue statement, or iptables' NFQUEUE target through
// nft's compatibility layer, which more kernels have. queueNone is a kernel
// without either.
const (
	queueNone   queueHow = ""
	queueNative queueHow = "native"
	queueCompat queueHow = "compat"
)

const (
	sourceOffset   = 12 // in the IPv4 header, as the next
	targetOffset   = 16
	tcpFlagsOffset = 13 // in the TCP header
	tcpFlagRST     = 0x04
)

// expressions uses only what nf_tables has in its core for a drop: payload,
// cmp and verdict work on every kernel that has it at all.
func expressions(rule Rule, how queueHow) []expr.Any {
	address, offset := rule.Address.As4(), uint32(sourceOffset)
	if rule.Action == DropReplies {
		offset = targetOffset
	}
	matches := []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: address[:]},
	}
	switch rule.Action {
	case Drop, DropReplies:
		return append(matches, &expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop})
	case Reset:
		matches = append(matches, tcpButNoRST()...)
		return append(matches, &expr.Counter{}, &expr.Reject{Type: unix.NFT_REJECT_TCP_RST})
	default:
		return append(matches, &expr.Counter{}, queueStatement(how))
	}
}

// tcpButNoRST lets a RST from the peer through: it breaks our side of a
// connection whose other side the reset has broken already.
func tcpButNoRST() []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: tcpFlagsOffset, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{tcpFlagRST}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0}},
	}
}

// queueStatement asks for bypass: without a reader packets pass.
func queueStatement(how queueHow) expr.Any {
	if how == queueNative {
		return &expr.Queue{Num: queueNumber, Flag: expr.QueueFlagBypass}
	}
	// struct xt_NFQ_info_v3: queue number, number of queues, flags (1 = bypass).
	info := make(xt.Unknown, 0, 8)
	for _, field := range []uint16{queueNumber, 1, 1, 0} {
		info = binary.NativeEndian.AppendUint16(info, field)
	}
	return &expr.Target{Name: "NFQUEUE", Rev: 3, Info: &info}
}
