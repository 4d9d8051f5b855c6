package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/cluster/docker"
	"github.com/ackproof/ackproof/nemesis/agent"
)

func find(t *testing.T, report Report, name string) Check {
	t.Helper()
	for _, c := range report {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no such check", "%s in %v", name, report)
	return Check{}
}

func TestReportIsALineForEachCheck(t *testing.T) {
	r := Report{
		{"disk", OK, "70.0 GiB free at /", "enough"},
		{"docker", Lacking, "no Docker engine answers\n(x)", "no clusters of containers"},
	}
	require.Equal(t, "ok      disk          70.0 GiB free at / - enough", r[0].String())
	require.Equal(t, "lacks   docker        no Docker engine answers; (x) - no clusters of containers", r[1].String())
	require.True(t, r.Well(), "local works without Docker")
	require.Equal(t, map[string]string{
		"disk": "ok: 70.0 GiB free at /", "docker": "lacks: no Docker engine answers\n(x)",
	}, r.Map())
	require.False(t, append(r, Check{Name: "ports", Level: Broken}).Well())
	require.Empty(t, r.Lacks("disk"))
	require.Empty(t, r.Lacks("moon"), "nobody looked")
	require.Contains(t, r.Lacks("docker"), "no Docker engine answers")
	require.Equal(t, "not yet", Report{{Name: "clock", Level: Lacking, Found: "no: not yet"}}.Lacks("clock"))
	require.NotEmpty(t, Report{{Name: "clock", Level: Lacking, Found: "no: "}}.Lacks("clock"))
}

func TestExamineWithoutAnEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "docker.sock"))
	r := Examine(t.Context(), Options{Dir: t.TempDir()})
	require.True(t, r.Well(), "%v", r)
	c := find(t, r, "docker")
	require.Equal(t, Lacking, c.Level)
	require.Contains(t, c.Found, "no Docker engine answers")
	require.Contains(t, c.Follows, "point DOCKER_HOST at one")
}

func TestExamineWithAnEngine(t *testing.T) {
	e, err := docker.Connect(t.Context())
	if err != nil {
		require.NotEqual(t, "1", os.Getenv("ACKPROOF_REQUIRE_DOCKER"), "ACKPROOF_REQUIRE_DOCKER=1: %v", err)
		t.Skipf("SKIPPED: %v", err)
	}
	require.NoError(t, e.Close())
	r := Examine(t.Context(), Options{})
	require.True(t, r.Well(), "%v", r)
	require.Contains(t, find(t, r, "docker").Found, "Engine "+e.Version)
	require.Equal(t, OK, find(t, r, "agent").Level, "%v", r)
	for _, c := range consequences {
		require.NotContains(t, find(t, r, c.name).String(), "\n")
	}
}

func TestAnEngineThatCannotDoIsNotToBeInstalled(t *testing.T) {
	c := noEngine(errors.New("API version 1.39: allowed is 1.40 or newer"))
	require.Equal(t, "no clusters of containers", c.Follows)
}

func TestCapabilitiesSayWhatFollows(t *testing.T) {
	yes := agent.Capability{Supported: true, How: "compat"}
	r := capabilities(agent.Capabilities{NFQueue: yes, Netem: agent.Capability{Reason: "no such qdisc"}})
	require.Len(t, r, len(docker.CapabilitiesByName(agent.Capabilities{})), "each has its line")
	require.Equal(t, Check{"nfqueue", OK, "yes, compat", "links can be slow and lossy, in user space"}, find(t, r, "nfqueue"))
	require.Equal(t, Check{"netem", Lacking, "no: no such qdisc", "slow and lossy links only where there is nfqueue"}, find(t, r, "netem"))
}

func TestDiskLooksWhereTheFolderWillBe(t *testing.T) {
	dir := t.TempDir()
	c := disk("disk", filepath.Join(dir, "results", "today"))
	require.Contains(t, c.Found, "free at "+dir)
	c = disk("disk", filepath.Join(dir, "\x00"))
	require.Equal(t, Broken, c.Level)
}

func TestBytes(t *testing.T) {
	require.Equal(t, "256 MiB", bytes(diskLeast))
	require.Equal(t, "2.0 GiB", bytes(diskComfort))
}

func TestClockIsJudged(t *testing.T) {
	today, moment := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), 50*time.Millisecond
	tests := map[string]struct {
		now    time.Time
		byWall time.Duration
		level  Level
		says   string
	}{
		"right":       {today, moment, OK, "timestamps of runs can be believed"},
		"never set":   {time.Unix(0, 0), moment, Broken, "set the clock"},
		"set forward": {today, time.Hour, Broken, "moved by 1h0m0s in 50ms"},
		"set back":    {today, -time.Second, Broken, "moved by -1s in 50ms"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := judgeClock(test.now, moment, test.byWall)
			require.Equal(t, test.level, c.Level)
			require.Contains(t, c.String(), test.says)
		})
	}
	require.Equal(t, OK, judgeSkew(-20*time.Millisecond).Level)
	require.Equal(t, Lacking, judgeSkew(-time.Hour).Level)
}

func TestWhatOnlyContainersNeedBreaksNothing(t *testing.T) {
	for _, level := range []Level{OK, Lacking, Broken} {
		c := softened(Check{Level: level, Follows: "enough"}, "for clusters of containers")
		require.NotEqual(t, Broken, c.Level)
		require.True(t, strings.HasSuffix(c.Follows, "for clusters of containers"), fmt.Sprint(c))
	}
}
