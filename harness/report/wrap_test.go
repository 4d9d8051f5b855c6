package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextIsWrapped(t *testing.T) {
	require.Equal(t, "  one × two\n  three\n", Wrap("one × two  three", "  ", 11))
	require.Equal(t, "  a\n  word-that-is-longer\n  b\n", Wrap("a word-that-is-longer b", "  ", 6))
	require.Equal(t, "  \n", Wrap("", "  ", 6))
}
