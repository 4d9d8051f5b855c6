package mutant

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCatalogue(t *testing.T) {
	rows := Catalogue()
	require.NotEmpty(t, rows)
	numbers, names, before := map[int]Mutant{}, map[Mutant]bool{}, 0
	word := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for _, row := range rows {
		require.Positive(t, row.Number, row.Name)
		require.Empty(t, numbers[row.Number], "number %d is that of %s too", row.Number, row.Name)
		require.Greater(t, row.Number, before, "rows come by number")
		require.Regexp(t, word, string(row.Name))
		require.False(t, names[row.Name], "%s is there twice", row.Name)
		require.NotEmpty(t, row.Breaks, row.Name)
		require.NotContains(t, row.Breaks, "\n", row.Name)
		require.NotEmpty(t, row.Source, row.Name)
		require.NotContains(t, row.Hidden(), "\n", row.Name)
		numbers[row.Number], names[row.Name], before = row.Name, true, row.Number
	}
	for name := range hidden {
		require.True(t, names[name], "%s is explained but is in no catalogue", name)
	}
	require.Len(t, Names(), len(rows))
	require.IsNonDecreasing(t, Names())
}

// TestCatalogueIsACopy lets nobody change the catalogue through what was handed out.
func TestCatalogueIsACopy(t *testing.T) {
	name := Catalogue()[0].Name
	Catalogue()[0].Name = "another"
	require.Equal(t, name, Catalogue()[0].Name)
}

func TestEveryMutantIsKnownByNameAndNumber(t *testing.T) {
	for _, row := range Catalogue() {
		byName, err := Parse(string(row.Name))
		require.NoError(t, err)
		require.Equal(t, Set{row.Name: true}, byName)
		byNumber, err := Parse(strconv.Itoa(row.Number))
		require.NoError(t, err)
		require.Equal(t, byName, byNumber)
	}
}

func TestParse(t *testing.T) {
	set, err := Parse(" 14, min-isr-ignored,,14 ")
	require.NoError(t, err)
	require.Equal(t, "ack-on-append,min-isr-ignored", set.String())
	require.True(t, set.Has(AckOnAppend))
	require.False(t, set.Has(NoDedupe))

	set, err = Parse("")
	require.NoError(t, err)
	require.Empty(t, set.String())

	for _, unknown := range []string{"ack-on-apend", "0", "-1", "014", "14x"} {
		_, err := Parse("14," + unknown)
		require.ErrorContains(t, err, `mutant "`+unknown+`" is unknown: allowed are ack-on-append, `)
	}
}

// TestTheZeroSetIsTheCorrectBroker holds for a set that nobody made, too: guards
// on the hot path ask it.
func TestTheZeroSetIsTheCorrectBroker(t *testing.T) {
	var none Set
	for _, row := range Catalogue() {
		require.False(t, none.Has(row.Name))
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { none.Has(AckOnAppend) }))
	require.Empty(t, Set{AckOnAppend: false}.String(), "switched off is off")
}
