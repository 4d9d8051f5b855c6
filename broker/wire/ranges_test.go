package wire

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// served is what every key is served in, by design. A range is a promise to
// clients: it changes here and in the handler, or not at all.
var served = []struct {
	key                 kmsg.Key
	min, max, insideMax int16
	insideOnly          bool
}{
	{key: 0, min: 3, max: 11},
	{key: 1, min: 4, max: 12, insideMax: 17},
	{key: 2, min: 1, max: 8},
	{key: 3, min: 0, max: 12},
	{key: 8, min: 2, max: 9},
	{key: 9, min: 1, max: 9},
	{key: 10, min: 0, max: 4},
	{key: 11, min: 0, max: 9},
	{key: 12, min: 0, max: 4},
	{key: 13, min: 0, max: 5},
	{key: 14, min: 0, max: 5},
	{key: 15, min: 0, max: 5},
	{key: 16, min: 0, max: 5},
	{key: 18, min: 0, max: 4},
	{key: 19, min: 2, max: 7},
	{key: 20, min: 1, max: 6},
	{key: 22, min: 0, max: 5},
	{key: 23, min: 2, max: 4},
	{key: 32, min: 1, max: 4},
	{key: 37, min: 0, max: 3},
	{key: 43, min: 0, max: 2},
	{key: 44, min: 0, max: 1},
	{key: 45, min: 0, max: 0},
	{key: 46, min: 0, max: 0},
	{key: 56, min: 2, max: 3, insideOnly: true},
	{key: 60, min: 0, max: 1},
	{key: 62, min: 3, max: 4, insideOnly: true},
	{key: 63, min: 0, max: 1, insideOnly: true},
	{key: 67, min: 0, max: 0, insideOnly: true},
}

func TestEveryKeyIsServedInItsRange(t *testing.T) {
	require.Len(t, handlers, len(served))
	for _, want := range served {
		got, ok := handlers[want.key]
		require.True(t, ok, "%s is not served", want.key.Name())
		require.Equal(t, want.min, got.Min, "%s: lowest version", want.key.Name())
		require.Equal(t, want.max, got.Max, "%s: highest version", want.key.Name())
		require.Equal(t, want.insideMax, got.InsideMax, "%s: highest version inside", want.key.Name())
		require.Equal(t, want.insideOnly, got.InsideOnly, "%s: inside only", want.key.Name())
	}
}

// Every version that is served must be one that kmsg can write and read.
func TestEveryVersionRoundTrips(t *testing.T) {
	for _, s := range served {
		for version := s.min; version <= max(s.max, s.insideMax); version++ {
			t.Run(fmt.Sprintf("%s v%d", s.key.Name(), version), func(t *testing.T) {
				require.LessOrEqual(t, version, s.key.Request().MaxVersion())

				request, again := s.key.Request(), s.key.Request()
				request.SetVersion(version)
				again.SetVersion(version)
				sent := request.AppendTo(nil)
				require.NoError(t, again.ReadFrom(sent))
				require.Equal(t, sent, again.AppendTo(nil))

				response, copied := request.ResponseKind(), request.ResponseKind()
				require.Equal(t, version, response.GetVersion())
				answered := response.AppendTo(nil)
				require.NoError(t, copied.ReadFrom(answered))
				require.Equal(t, answered, copied.AppendTo(nil))
			})
		}
	}
}

// A request with nothing in it is legal, and its answer must fit its version.
func TestEmptyRequestsAreAnswered(t *testing.T) {
	replication := map[kmsg.Key]bool{kmsg.Produce: true, kmsg.Fetch: true, kmsg.ListOffsets: true, kmsg.OffsetForLeaderEpoch: true}
	for _, s := range served {
		if replication[s.key] {
			continue
		}
		for version := s.min; version <= s.max; version++ {
			t.Run(fmt.Sprintf("%s v%d", s.key.Name(), version), func(t *testing.T) {
				n := newNode(t)
				n.producerIDs = []int64{7}
				n.topic(t, "logs", nodeIDs([]int32{1, 2, 3}))
				listener := outside
				if s.insideOnly {
					listener = inside
				}
				ask[kmsg.Response](t, n, listener, version, s.key.Request())
			})
		}
	}
}

func TestLookup(t *testing.T) {
	for _, tc := range []struct {
		name    string
		key     kmsg.Key
		version int16
		inside  bool
		ok      bool
	}{
		{"the lowest version", kmsg.CreateTopics, 2, false, true},
		{"below it", kmsg.CreateTopics, 1, false, false},
		{"the highest version", kmsg.CreateTopics, 7, false, true},
		{"above it", kmsg.CreateTopics, 8, false, false},
		{"a client's highest fetch", kmsg.Fetch, 12, false, true},
		{"a replica's fetch from a client", kmsg.Fetch, 17, false, false},
		{"a replica's fetch from a broker", kmsg.Fetch, 17, true, true},
		{"an inside key from a client", kmsg.AlterPartition, 3, false, false},
		{"an inside key from a broker", kmsg.AlterPartition, 3, true, true},
		{"a key that nobody serves", kmsg.ControlledShutdown, 0, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, ok := Lookup(tc.key, tc.version, tc.inside)
			require.Equal(t, tc.ok, ok)
		})
	}
}
