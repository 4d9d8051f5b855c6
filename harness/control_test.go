package harness

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

func TestADirectedScheduleBringsWhatItMustHurt(t *testing.T) {
	tests := []struct {
		name    string
		nemesis string
		given   Given
		mutant  string
		want    string
		nodes   int
	}{
		{"drawn", "mixed", Given{}, "", "acks=all min.isr=2", 3},
		{"acks=1", "acks1-loss", Given{}, "", "acks=1 min.isr=1", 3},
		{"acks=0", "acks0-loss", Given{}, "", "acks=0 min.isr=1", 3},
		{"five nodes", "min-isr1-loss", Given{}, "", "acks=all min.isr=1", 5},
		{"unclean", "unclean-loss", Given{}, "", "acks=all min.isr=1 unclean", 5},
		{"chosen acks", "acks1-loss", Given{Acks: true, MinISR: true}, "", "acks=all min.isr=2", 3},
		{"chosen nodes", "unclean-loss", Given{Nodes: true, Unclean: true}, "", "acks=all min.isr=1", 3},
		{"mutant", "min-isr1-loss", Given{}, "min-isr-ignored", "acks=all min.isr=2 mutant=min-isr-ignored", 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Defaults()
			c.Nemesis, c.Mutant = []string{tt.nemesis}, tt.mutant
			fitted, err := c.Fitted(tt.given)
			require.NoError(t, err)
			require.Equal(t, tt.want, fitted.full())
			require.Equal(t, tt.nodes, fitted.Nodes)
		})
	}
}

func TestAScheduleFileBringsItsNodes(t *testing.T) {
	s, err := nemesis.Directed("unclean-loss")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "schedule.json")
	require.NoError(t, s.Save(path))
	c := Defaults()
	c.ScheduleFile = path
	fitted, err := c.Fitted(Given{})
	require.NoError(t, err)
	require.Equal(t, 5, fitted.Nodes)
	require.Equal(t, "acks=all min.isr=2", fitted.full(), "its name is no configuration")
	fitted, err = c.Fitted(Given{Nodes: true})
	require.NoError(t, err)
	_, err = fitted.Schedule()
	require.EqualError(t, err, "nodes is 3, allowed with schedule unclean-loss is 5")
	c.ScheduleFile = path + ".not"
	_, err = c.Fitted(Given{})
	require.ErrorContains(t, err, "schedule.json.not")
}

func TestDirectedSchedulesAreListedWithWhatTheyHurt(t *testing.T) {
	list := DirectedSchedules()
	for _, name := range nemesis.DirectedNames() {
		require.Contains(t, list, name)
	}
	for _, row := range suiteConfigs {
		for _, name := range row.controls {
			require.Contains(t, list, name+" (acks="+row.config.Acks)
		}
	}
}
