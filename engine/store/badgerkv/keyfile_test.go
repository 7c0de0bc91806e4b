package badgerkv_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

func TestKeyFileIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "store.key")
	keys := make([][]byte, 8)
	var makers sync.WaitGroup
	for i := range keys {
		makers.Go(func() {
			var err error
			if keys[i], err = badgerkv.KeyFile(path); err != nil {
				t.Errorf("KeyFile: %v", err)
			}
		})
	}
	makers.Wait()
	for _, k := range keys {
		if len(k) != badgerkv.KeySize || !bytes.Equal(k, keys[0]) {
			t.Fatalf("eight that make the key at once got keys of %d bytes that differ", len(k))
		}
	}
	if bytes.Equal(keys[0], make([]byte, badgerkv.KeySize)) {
		t.Error("the key is all zeros")
	}
	for path, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, %v, want %v", filepath.Base(path), info.Mode().Perm(), err, mode)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside the key file there is more: %v, %v", left, err)
	}
	other, err := badgerkv.KeyFile(filepath.Join(t.TempDir(), "store.key"))
	if err != nil || bytes.Equal(other, keys[0]) {
		t.Errorf("a second key file holds the same key, or none: %v", err)
	}
}

func TestKeyFileIsRefused(t *testing.T) {
	good := strings.Repeat("5a", badgerkv.KeySize)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string // "" : taken
	}{
		"as made":             {good + "\n", 0o600, ""},
		"without a line end":  {good, 0o400, ""},
		"upper case":          {strings.ToUpper(good), 0o600, ""},
		"readable by a group": {good, 0o640, "its mode is 0640"},
		"readable by all":     {good, 0o604, "its mode is 0604"},
		"empty":               {"", 0o600, "want 64 hexadecimal digits"},
		"short":               {good[2:], 0o600, "want 64 hexadecimal digits"},
		"long":                {good + "5a", 0o600, "want 64 hexadecimal digits"},
		"not hexadecimal":     {good[2:] + "zz", 0o600, "want 64 hexadecimal digits"},
		"two keys":            {good + "\n" + good, 0o600, "want 64 hexadecimal digits"},
	} {
		path := filepath.Join(t.TempDir(), "store.key")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		key, err := badgerkv.KeyFile(path)
		if c.want == "" {
			if err != nil || !bytes.Equal(key, bytes.Repeat([]byte{0x5a}, badgerkv.KeySize)) {
				t.Errorf("%s: KeyFile: %v", name, err)
			}
			continue
		}
		if key != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: KeyFile: %v, want an error with %q and the path", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "5a5a") {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != c.text {
			t.Errorf("%s: the refused file was changed", name)
		}
	}
	if _, err := badgerkv.KeyFile(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory for a key file: %v", err)
	}
}
