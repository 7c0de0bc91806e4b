package badgerkv_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/storetest"
)

// key is an encryption key; the next differs in its last byte.
func key(last byte) []byte { return append(bytes.Repeat([]byte{7}, badgerkv.KeySize-1), last) }

func mustOpen(t *testing.T, o badgerkv.Options) *badgerkv.Store {
	t.Helper()
	s, err := badgerkv.Open(o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s
}

func mustCommit(t *testing.T, s store.Store, ops ...store.Op) {
	t.Helper()
	if _, err := s.Commit(t.Context(), nil, ops); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func mustClose(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func TestStore(t *testing.T) {
	for _, c := range []struct {
		name       string
		options    badgerkv.Options
		persistent bool
	}{
		{"on disk", badgerkv.Options{}, true},
		{"encrypted", badgerkv.Options{Key: key(1)}, true},
		{"synced", badgerkv.Options{Key: key(1), Sync: true}, true},
		{"in memory", badgerkv.Options{InMemory: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T, dir string) store.Store {
				o := c.options
				if !o.InMemory {
					o.Dir = dir
				}
				return mustOpen(t, o)
			}, c.persistent)
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		options badgerkv.Options
		want    string
	}{
		"no directory":                {badgerkv.Options{}, "dir: missing"},
		"a directory and in memory":   {badgerkv.Options{Dir: t.TempDir(), InMemory: true}, "dir: a store in memory has none"},
		"a short key":                 {badgerkv.Options{Dir: t.TempDir(), Key: make([]byte, 16)}, "key: 16 bytes, want 32"},
		"a file for a directory":      {badgerkv.Options{Dir: os.Args[0]}, "not a directory"},
		"below a file":                {badgerkv.Options{Dir: filepath.Join(os.Args[0], "x")}, "not a directory"},
		"a lock that can't be a file": {badgerkv.Options{Dir: dirWith(t, "lockctl.lock/")}, "is a directory"},
	} {
		_, err := badgerkv.Open(c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Open: %v, want an error with %q", name, err, c.want)
		}
	}
}

// dirWith makes a directory with an empty directory of that name in it.
func dirWith(t *testing.T, name string) string {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDirectoryIsClosedToOtherUsers(t *testing.T) {
	loose := t.TempDir()
	if err := os.Chmod(loose, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"made": filepath.Join(t.TempDir(), "a", "b"), "found": loose} {
		mustClose(t, mustOpen(t, badgerkv.Options{Dir: dir}))
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s: the directory has mode %04o, want 0700", name, info.Mode().Perm())
		}
	}
}

func TestKeyMustFit(t *testing.T) {
	for name, c := range map[string]struct{ made, given []byte }{
		"another key":           {key(1), key(2)},
		"no key, made with one": {key(1), nil},
		"a key, made without":   {nil, key(1)},
	} {
		dir := t.TempDir()
		s := mustOpen(t, badgerkv.Options{Dir: dir, Key: c.made})
		mustCommit(t, s, store.Op{Key: "k", Val: []byte("v")})
		mustClose(t, s)

		_, err := badgerkv.Open(badgerkv.Options{Dir: dir, Key: c.given})
		var wrong *badgerkv.KeyError
		if !errors.As(err, &wrong) || wrong.Dir != dir || !strings.Contains(err.Error(), "the key does not fit this store") {
			t.Errorf("%s: Open: %v, want a KeyError for %s", name, err, dir)
		}

		s = mustOpen(t, badgerkv.Options{Dir: dir, Key: c.made})
		if kv, err := s.Get(t.Context(), "k"); err != nil || string(kv.Val) != "v" {
			t.Errorf("%s: after the refusal the right key reads %q, %v", name, kv.Val, err)
		}
		mustClose(t, s)
	}
}

func TestNothingIsReadableOnDiskWhenEncrypted(t *testing.T) {
	const name, value = "q7Zp-north-staircase", "W3kd!melon/violin"
	for _, c := range []struct {
		title string
		key   []byte
		found bool
	}{
		{"without a key", nil, true}, // else the search itself would prove nothing
		{"with a key", key(1), false},
	} {
		dir := t.TempDir()
		s := mustOpen(t, badgerkv.Options{Dir: dir, Key: c.key, Sync: true})
		mustCommit(t, s, store.Op{Key: name, Val: []byte(value)})
		open := grep(t, dir, name) && grep(t, dir, value) // in the log
		mustClose(t, s)
		closed := grep(t, dir, name) && grep(t, dir, value) // in a table
		if open != c.found || closed != c.found {
			t.Errorf("%s: the record is readable on disk: %v while open, %v after Close, want %v", c.title, open, closed, c.found)
		}
	}
}

// grep tells whether any file under dir holds text.
func grep(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
