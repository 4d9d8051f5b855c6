package wire

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func advertised(keys []kmsg.ApiVersionsResponseApiKey, key kmsg.Key) (kmsg.ApiVersionsResponseApiKey, bool) {
	i := slices.IndexFunc(keys, func(k kmsg.ApiVersionsResponseApiKey) bool { return k.ApiKey == key.Int16() })
	if i < 0 {
		return kmsg.ApiVersionsResponseApiKey{}, false
	}
	return keys[i], true
}

func TestAPIKeysByListener(t *testing.T) {
	for _, isInside := range []bool{false, true} {
		keys := APIKeys(isInside)
		require.True(t, slices.IsSortedFunc(keys, func(a, b kmsg.ApiVersionsResponseApiKey) int {
			return int(a.ApiKey) - int(b.ApiKey)
		}))
		_, found := advertised(keys, kmsg.AlterPartition)
		require.Equal(t, isInside, found, "keys of brokers are shown to brokers only")

		fetch, found := advertised(keys, kmsg.Fetch)
		require.True(t, found)
		require.EqualValues(t, map[bool]int16{false: 12, true: 17}[isInside], fetch.MaxVersion)
	}
}

func TestAPIKeysOldClientsLookFor(t *testing.T) {
	produce, _ := advertised(APIKeys(false), kmsg.Produce)
	require.Zero(t, produce.MinVersion, "KAFKA-18659")
	_, ok := Lookup(kmsg.Produce, 0, false)
	require.False(t, ok, "Produce 0 is advertised but not served")

	join, _ := advertised(APIKeys(false), kmsg.JoinGroup)
	require.Zero(t, join.MinVersion, "KAFKA-19444")
}

func TestApiVersions(t *testing.T) {
	for _, tc := range []struct {
		name, software, release string
		version                 int16
		code                    model.ErrorCode
	}{
		{"before KIP-511", "", "", 2, model.None},
		{"a proper name", "librdkafka", "2.15.0-rc1", 3, model.None},
		{"one letter", "k", "1", 4, model.None},
		{"no name", "", "1.0", 3, model.InvalidRequest},
		{"no version", "kgo", "", 3, model.InvalidRequest},
		{"a trailing dot", "kgo", "1.", 3, model.InvalidRequest},
		{"a space", "my client", "1.0", 3, model.InvalidRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := kmsg.NewPtrApiVersionsRequest()
			req.ClientSoftwareName, req.ClientSoftwareVersion = tc.software, tc.release
			resp := ask[*kmsg.ApiVersionsResponse](t, newNode(t), outside, tc.version, req)
			require.EqualValues(t, tc.code, resp.ErrorCode)
			if tc.code == model.None {
				require.Equal(t, APIKeys(false), resp.ApiKeys)
			} else {
				require.Empty(t, resp.ApiKeys)
			}
			require.Empty(t, resp.SupportedFeatures)
		})
	}
}
