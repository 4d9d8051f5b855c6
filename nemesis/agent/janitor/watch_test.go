package janitor

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAwait(t *testing.T) {
	tests := map[string]struct {
		said string
		want farewell
	}{
		"died":               {"hello\n", farewell{"the harness is gone", false}},
		"died in mid-line":   {"hello\nby", farewell{"the harness is gone", false}},
		"died silent":        {"", farewell{"the harness is gone before it spoke", false}},
		"said bye":           {"hello\nbye\n", farewell{"the harness said bye", true}},
		"bye was not last":   {"hello\nbye\nhello\n", farewell{"the harness is gone", false}},
		"an empty line also": {"\n", farewell{"the harness is gone", false}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pipe, harness := io.Pipe()
			done := make(chan farewell, 1)
			go func() { done <- await(pipe, time.Minute) }()
			if test.said != "" {
				_, err := io.Copy(harness, strings.NewReader(test.said))
				require.NoError(t, err)
			}
			require.Empty(t, done, "it is still there")
			harness.Close()
			require.Equal(t, test.want, <-done)
		})
	}
}

func TestAwaitDoesNotWaitForSilence(t *testing.T) {
	pipe, harness := io.Pipe()
	defer harness.Close()
	require.Equal(t, farewell{"the harness has not spoken for 1ms", false}, await(pipe, time.Millisecond))
}
