package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker"
)

func dirConfig(base string) broker.Config {
	return broker.Config{
		NodeID: 1, ClusterID: "c",
		LogDir: filepath.Join(base, "deep", "log"), MetadataDir: filepath.Join(base, "deep", "log", "metadata"),
	}
}

func claim(t *testing.T, cfg broker.Config) {
	release, err := claimDirs(cfg)
	require.NoError(t, err)
	release()
}

func TestClaimWritesItsOwnerDown(t *testing.T) {
	cfg := dirConfig(t.TempDir())
	claim(t, cfg)
	for _, dir := range []string{cfg.LogDir, cfg.MetadataDir} {
		text, err := os.ReadFile(filepath.Join(dir, "meta.properties"))
		require.NoError(t, err)
		require.Equal(t, "version=1\ncluster.id=c\nnode.id=1\n", string(text))
	}
	claim(t, cfg) // the next life finds its own
}

func TestDirectoryOfAnotherBrokerIsRefusedAndNotTouched(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*broker.Config)
		want   string
	}{
		{"node", func(c *broker.Config) { c.NodeID = 2 }, `has node.id "1" in its meta.properties, not "2"`},
		{"cluster", func(c *broker.Config) { c.ClusterID = "d" }, `has cluster.id "c" in its meta.properties, not "d"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := t.TempDir()
			cfg := dirConfig(base)
			claim(t, cfg)
			require.NoError(t, os.Remove(filepath.Join(cfg.LogDir, ".lock")))
			before := listTree(t, base)
			test.change(&cfg)
			_, err := claimDirs(cfg)
			require.EqualError(t, err, `property "log.dirs": `+cfg.LogDir+" "+test.want)
			require.ErrorIs(t, err, ErrConfig)
			require.Equal(t, before, listTree(t, base))
		})
	}
}

func TestMetadataDirectoryIsCheckedBeforeAnythingIsMade(t *testing.T) {
	base := t.TempDir()
	other := dirConfig(base)
	claim(t, other)
	cfg := dirConfig(base)
	cfg.NodeID, cfg.LogDir = 2, filepath.Join(base, "new")
	_, err := claimDirs(cfg)
	require.ErrorContains(t, err, `property "metadata.log.dir": `+cfg.MetadataDir+` has node.id "1"`)
	require.NoDirExists(t, cfg.LogDir)
}

func TestDirectoryOfAnUnknownFormatIsRefused(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"version=2\ncluster.id=c\nnode.id=1\n", `has version "2" in its meta.properties, not "1"`},
		{"version=1\ncluster.id=c\n", `has node.id "" in its meta.properties, not "1"`},
		{"garbage", `line "garbage" is not allowed`},
	} {
		cfg := dirConfig(t.TempDir())
		require.NoError(t, os.MkdirAll(cfg.LogDir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(cfg.LogDir, "meta.properties"), []byte(test.text), 0o644))
		_, err := claimDirs(cfg)
		require.ErrorContains(t, err, test.want)
		require.ErrorIs(t, err, ErrConfig)
	}
}

func TestDirectoryInUseIsRefused(t *testing.T) {
	cfg := dirConfig(t.TempDir())
	release, err := claimDirs(cfg)
	require.NoError(t, err)
	_, err = claimDirs(cfg)
	require.EqualError(t, err, `property "log.dirs": `+cfg.LogDir+` is in use by another live broker`)
	require.ErrorIs(t, err, ErrConfig)
	release()
	claim(t, cfg)
}

func TestDirectoryThatIsAFileIsRefused(t *testing.T) {
	cfg := dirConfig(t.TempDir())
	require.NoError(t, os.MkdirAll(filepath.Dir(cfg.LogDir), 0o755))
	require.NoError(t, os.WriteFile(cfg.LogDir, nil, 0o644))
	_, err := claimDirs(cfg)
	require.ErrorContains(t, err, `property "log.dirs": `)
	require.ErrorContains(t, err, "not a directory")
}

func listTree(t *testing.T, base string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(base, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	}))
	return files
}

func TestRefusedClaimLeavesNoLock(t *testing.T) {
	cfg := dirConfig(t.TempDir())
	require.NoError(t, os.MkdirAll(filepath.Join(cfg.LogDir, "meta.properties.tmp"), 0o755))
	_, err := claimDirs(cfg)
	require.ErrorContains(t, err, `property "log.dirs": `)
	require.NotErrorIs(t, err, ErrConfig, "a disk that fails is no mistake of the operator's")
	require.NoError(t, os.Remove(filepath.Join(cfg.LogDir, "meta.properties.tmp")))
	claim(t, cfg)
}
