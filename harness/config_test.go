package harness

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigsAreCheckedByName(t *testing.T) {
	require.NoError(t, Defaults().Validate())
	tests := []struct {
		spoil func(*Config)
		want  string
	}{
		{func(c *Config) { c.Acks = "2" }, `acks is "2", allowed are all, 1, 0`},
		{func(c *Config) { c.Flush = "often" }, `flush is "often", allowed are never, interval, before-ack`},
		{func(c *Config) { c.Cluster = "cloud" }, `cluster is "cloud", allowed are local, docker`},
		{func(c *Config) { c.Nodes = 0 }, "nodes is 0, allowed are 1 to 9"},
		{func(c *Config) { c.Nodes = 10 }, "nodes is 10, allowed are 1 to 9"},
		{func(c *Config) { c.ReplicationFactor = 4 }, "replication factor is 4, allowed are 1 to 3"},
		{func(c *Config) { c.MinISR = 0 }, "min-isr is 0, allowed are 1 to 3"},
		{func(c *Config) { c.MinISR = 4 }, "min-isr is 4, allowed are 1 to 3"},
		{func(c *Config) { c.Partitions = 65 }, "partitions is 65, allowed are 1 to 64"},
		{func(c *Config) { c.Clients = 1 }, "clients is 1, allowed are 2 to 100"},
		{func(c *Config) { c.Rate = 19 }, "rate is 19, allowed are 20 to 20000"},
		{func(c *Config) { c.Length = 4999 }, "for is 4.999s, allowed are 5s to 24h0m0s"},
		{func(c *Config) { c.Mutant = "no-such" }, `mutant "no-such" is unknown: allowed are `},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			c := Defaults()
			tt.spoil(&c)
			require.ErrorContains(t, c.Validate(), tt.want)
			require.NotContains(t, c.Validate().Error(), "\n")
		})
	}
}

func TestADirectedScheduleHasItsOwnLength(t *testing.T) {
	c := Defaults()
	c.Nemesis, c.Length = []string{"acks1-loss"}, 0
	require.NoError(t, c.Validate())
	s, err := c.Schedule()
	require.NoError(t, err)
	require.Equal(t, "acks1-loss", s.Name)
}

func TestSchedulesAreDrawnDirectedOrLoaded(t *testing.T) {
	drawn := Defaults()
	s, err := drawn.Schedule()
	require.NoError(t, err)
	require.NotEmpty(t, s.Steps)
	again, err := drawn.Schedule()
	require.NoError(t, err)
	require.Equal(t, s, again, "the seed decides")

	path := filepath.Join(t.TempDir(), "schedule.json")
	require.NoError(t, s.Save(path))
	loaded := Defaults()
	loaded.ScheduleFile, loaded.Seed = path, 99
	same, err := loaded.Schedule()
	require.NoError(t, err)
	require.Equal(t, s, same)
}

// A run of a file is named by the file's schedule, and seeded by it unless
// somebody chose a seed.
func TestAScheduleFromAFileGivesItsNameAndSeed(t *testing.T) {
	drawn := Defaults()
	drawn.Seed = 7
	drawn.Nemesis = []string{"kill"}
	s, err := drawn.Schedule()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "schedule.json")
	require.NoError(t, s.Save(path))
	c := Defaults()
	c.ScheduleFile = path
	fitted, err := c.Fitted(Given{})
	require.NoError(t, err)
	require.Equal(t, []string{"kill"}, fitted.Nemesis)
	require.Equal(t, uint64(7), fitted.Seed)
	fitted, err = c.Fitted(Given{Seed: true})
	require.NoError(t, err)
	require.Equal(t, uint64(1), fitted.Seed)
	_, err = c.Fitted(Given{Length: true})
	require.EqualError(t, err, "for is 1m0s, allowed with schedule kill is none: it has its own, 1m0s; "+
		"faults that are drawn, such as nemesis mixed, can have any")
}

func TestSchedulesThatDoNotFitAreRefused(t *testing.T) {
	tests := []struct {
		spoil func(*Config)
		want  string
	}{
		{func(c *Config) { c.Nemesis = []string{"fire"} }, `nemesis is "fire", allowed are partition, kill, crash, stop, pause, clock, elect, delay, loss, reset, reorder, mixed, none, or one of `},
		{func(c *Config) { c.Nemesis = []string{"kill", "acks1-loss"} }, `nemesis is "acks1-loss", allowed are `},
		{func(c *Config) { c.Nemesis = []string{"unclean-loss"} }, "nodes is 3, allowed with schedule unclean-loss is 5"},
		{func(c *Config) { c.ScheduleFile = "no/such.json" }, "no/such.json"},
	}
	for _, tt := range tests {
		c := Defaults()
		tt.spoil(&c)
		_, err := c.Schedule()
		require.ErrorContains(t, err, tt.want)
	}
}

func TestConfigsInFewWords(t *testing.T) {
	tests := []struct {
		config      Config
		short, slug string
	}{
		{Config{Acks: "all", MinISR: 2, Flush: "never", Nemesis: []string{"mixed"}, Seed: 7}, "acks=all min.isr=2", "acks-all-isr2-mixed-seed7"},
		{Config{Acks: "all", MinISR: 1, Unclean: true, Flush: "never", Nemesis: []string{"kill", "pause"}}, "acks=all min.isr=1 unclean", "acks-all-isr1-unclean-kill-pause-seed0"},
		{Config{Acks: "1", MinISR: 2, Flush: "before-ack", Nemesis: []string{"none"}}, "acks=1 flush=before-ack", "acks-1-isr2-none-seed0"},
		{Config{Acks: "0", Flush: "never", Mutant: "ack-on-append", ScheduleFile: "x.json"}, "acks=0 mutant=ack-on-append", "acks-0-isr0-mutant-schedule-seed0"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.short, tt.config.Short())
		require.Equal(t, tt.slug, tt.config.slug())
	}
}

func TestOnlyAcksAllIsIdempotent(t *testing.T) {
	for acks, want := range map[string]bool{"all": true, "1": false, "0": false} {
		c := Defaults()
		c.Acks = acks
		require.Equal(t, want, c.Idempotent())
		require.Equal(t, want, c.promise().Idempotent)
	}
}
