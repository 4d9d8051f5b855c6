package client

import (
	"hash/crc32"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/harness/history"
)

// EncodeValue writes a value as decimal digits, which any tool can read.
func EncodeValue(value int64) []byte {
	return strconv.AppendInt(nil, value, 10)
}

// DecodeValue reads a value back. Bytes that no client wrote become a negative
// number made of them: a value that nobody sent, so the checker calls it a
// phantom, and the same garbage is the same phantom everywhere.
func DecodeValue(b []byte) int64 {
	if v, err := strconv.ParseInt(string(b), 10, 64); err == nil && v > 0 && string(EncodeValue(v)) == string(b) {
		return v
	}
	return -1 - int64(crc32.ChecksumIEEE(b))
}

// DecodeBatches reads the records in batches as they travel.
func DecodeBatches(batches []byte) ([]history.Record, error) {
	got := kmsg.NewFetchResponseTopicPartition()
	got.RecordBatches = batches
	page, err := decodePage("", 0, &got)
	return page.Records, err
}
