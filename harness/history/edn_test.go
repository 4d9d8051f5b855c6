package history

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample has an event of every kind, with every field in use.
func sample() []Event {
	offset := func(o int64) *int64 { return &o }
	node, epoch, yes, healing := 2, int32(5), true, int64(85)
	events := []Event{
		{Process: 0, Type: Invoke, F: Send, Topic: "log", Partition: 1, Value: 7},
		{Process: NemesisProcess, Type: Invoke, F: "partition", Fault: &Fault{Step: 3, Kind: "partition", Nodes: []int{1, 2}, Describe: `cut "1" off`}},
		{Process: 0, Type: OK, F: Send, Topic: "log", Partition: 1, Value: 7, Offset: offset(4)},
		{Process: 1, Type: Invoke, F: Send, Topic: "log", Value: 8},
		{Process: 1, Type: Info, F: Send, Topic: "log", Value: 8, Error: "TIMEOUT: after\n5s \\ \"x\""},
		{Process: 2, Type: Invoke, F: Assign, Topic: "log", Partition: 1, Offset: offset(0)},
		{Process: 2, Type: OK, F: Assign, Topic: "log", Partition: 1, Offset: offset(0)},
		{Process: 2, Type: Invoke, F: Poll, Topic: "log", Partition: 1, Offset: offset(0)},
		{Process: 2, Type: OK, F: Poll, Topic: "log", Partition: 1, Offset: offset(0), Records: []Record{{4, 7}, {5, 9}}},
		{Process: NemesisProcess, Type: Info, F: "partition", Fault: &Fault{Step: 3, Kind: "partition", Nodes: []int{1, 2}, Describe: `cut "1" off`,
			Evidence: map[string]string{"dropped": "12", "leader": "1 to 2"}, Bit: &yes, Healing: &healing}},
		{Process: 3, Type: Invoke, F: EndOffset, Topic: "log", Partition: 1},
		{Process: 3, Type: OK, F: EndOffset, Topic: "log", Partition: 1, Offset: offset(6), LeaderEpoch: &epoch},
		{Process: 4, Type: Invoke, F: Marker, Topic: "log", Partition: 1, Value: 10},
		{Process: 4, Type: OK, F: Marker, Topic: "log", Partition: 1, Value: 10, Offset: offset(6)},
		{Process: 5, Type: Invoke, F: Drain, Topic: "log", Partition: 1, Node: &node, Offset: offset(0)},
		{Process: 5, Type: OK, F: Drain, Topic: "log", Partition: 1, Node: &node, Offset: offset(0), Records: []Record{{4, 7}, {6, 10}}, End: offset(7)},
		{Process: 6, Type: Invoke, F: Send, Topic: "log", Value: 11},
		{Process: 6, Type: Fail, F: Send, Topic: "log", Value: 11, Error: "MESSAGE_TOO_LARGE"},
		SawISR("log", 1, 5, 2, []int{1, 2}),
		SawISR("log", 0, 6, 0, []int{3}),
	}
	for i := range events {
		events[i].Index, events[i].Time = int64(i), int64(i)*10
	}
	return events
}

func TestEDNRoundTrip(t *testing.T) {
	h := &History{Events: sample()}
	var out bytes.Buffer
	require.NoError(t, h.WriteEDN(&out))
	back, err := ReadEDN(&out)
	require.NoError(t, err)
	require.Equal(t, h.Events, back.Events)
}

func TestEDNIsWhatJepsenReads(t *testing.T) {
	h := &History{Events: sample()[:3]}
	var out bytes.Buffer
	require.NoError(t, h.WriteEDN(&out))
	require.Equal(t, []string{
		`{:index 0, :time 0, :process 0, :type :invoke, :f :send, :value [[:send "log-1" 7]], :topic "log", :partition 1, :sent 7}`,
		`{:index 1, :time 10, :process :nemesis, :type :invoke, :f :fault, :value "cut \"1\" off", :name "partition", :step 3, :kind "partition", :nodes [1 2], :evidence {}}`,
		`{:index 2, :time 20, :process 0, :type :ok, :f :send, :value [[:send "log-1" [4 7]]], :topic "log", :partition 1, :sent 7, :offset 4}`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

func TestReadEDNOfJepsen(t *testing.T) {
	h, err := ReadEDN(strings.NewReader(`
; as Jepsen's Kafka workload writes it
{:type :invoke, :f :send, :value [[:send 3 17]], :process 0, :time 5, :index 0}
#jepsen.history.Op{:type :ok, :f :send, :value [[:send 3 [2 17]]], :process 0, :time 9, :index 1}
{:type :info, :f :start-partition, :value nil, :process :nemesis, :time 9, :index 2}
{:type :invoke, :f :txn, :value [[:poll]], :process 1, :time 10, :index 3}
{:type :ok, :f :txn, :value [[:poll {3 [[2 17] [4 18]]}]], :process 1, :time 12, :index 4, :error [:x "y"]}
{:type :invoke, :f :poll, :value [[:poll]], :process 1, :time 13, :index 5}
{:type :ok, :f :poll, :value [[:poll {}]], :process 1, :time 14, :index 6}`))
	require.NoError(t, err)
	offset := int64(2)
	require.Equal(t, []Event{
		{Index: 0, Time: 5, Process: 0, Type: Invoke, F: Send, Topic: "k", Partition: 3, Value: 17},
		{Index: 1, Time: 9, Process: 0, Type: OK, F: Send, Topic: "k", Partition: 3, Value: 17, Offset: &offset},
		{Index: 3, Time: 10, Process: 1, Type: Invoke, F: Poll, Topic: "k", Partition: 3},
		{Index: 4, Time: 12, Process: 1, Type: OK, F: Poll, Topic: "k", Partition: 3, Records: []Record{{2, 17}, {4, 18}}, Error: "[x y]"},
		{Index: 5, Time: 13, Process: 1, Type: Invoke, F: Poll, Topic: "k"},
		{Index: 6, Time: 14, Process: 1, Type: OK, F: Poll, Topic: "k"},
	}, h.Events)
	require.NoError(t, h.Validate())
}

func TestReadEDNRefuses(t *testing.T) {
	op := func(rest string) string { return "{:type :invoke, :process 0, " + rest + "}" }
	for name, row := range map[string]struct{ in, want string }{
		"not a map":     {`[1 2]`, "op 1 is a []interface {}, allowed is a map"},
		"torn":          {`{:type :invoke, :value [[:send`, "op 1: unexpected EOF"},
		"two sends":     {op(`:f :send, :value [[:send 1 2] [:send 1 3]]`), ":value has 2 parts, allowed is one send or one poll per op"},
		"two keys":      {op(`:f :poll, :value [[:poll {1 [], 2 []}]]`), ":poll has 2 keys, allowed is one per op"},
		"strange value": {op(`:f :send, :value [[:send 1 :x]]`), ":send has value x, allowed are an integer and [offset integer]"},
		"strange op":    {op(`:f :crash`), `f is "crash", allowed are send, poll, end-offset, assign, drain, marker`},
		"no process":    {`{:type :ok, :f :send}`, ":process is <nil>, allowed is an integer, and :nemesis with :f :fault"},
		"bad escape":    {`{:error "\q"}`, `unknown escape \q in a string`},
		"stray bracket": {`]`, "unexpected ']'"},
		"composite key": {`{[1] 2}`, "a map has a []interface {} for a key, allowed are keywords, integers and strings"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadEDN(strings.NewReader(row.in))
			require.ErrorContains(t, err, row.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
