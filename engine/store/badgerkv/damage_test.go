package badgerkv_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

const damagedRecords = 400

// damages are what may befall a file.
var damages = map[string]func([]byte) []byte{
	"emptied":             func(b []byte) []byte { return nil },
	"cut to ten bytes":    func(b []byte) []byte { return b[:min(10, len(b))] },
	"cut in half":         func(b []byte) []byte { return b[:len(b)/2] },
	"cut by a byte":       func(b []byte) []byte { return b[:max(len(b)-1, 0)] },
	"first byte flipped":  func(b []byte) []byte { return flip(b, 0) },
	"a byte flipped":      func(b []byte) []byte { return flip(b, len(b)/3) },
	"middle byte flipped": func(b []byte) []byte { return flip(b, len(b)/2) },
	"last byte flipped":   func(b []byte) []byte { return flip(b, len(b)-1) },
	"zeroed":              func(b []byte) []byte { return make([]byte, len(b)) },
	"second half zeroed":  func(b []byte) []byte { return append(b[:len(b)/2:len(b)/2], make([]byte, len(b)-len(b)/2)...) },
	"longer by zeros":     func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
}

func flip(b []byte, i int) []byte {
	if len(b) > 0 {
		b[i] ^= 0x40
	}
	return b
}

// filled makes a store of damagedRecords records in several tables, and leaves it closed.
func filled(t *testing.T, key []byte) string {
	dir := t.TempDir()
	for from := 0; from < damagedRecords; from += damagedRecords / 4 {
		s := mustOpen(t, badgerkv.Options{Dir: dir, Key: key})
		var ops []store.Op
		for i := from; i < from+damagedRecords/4; i++ {
			ops = append(ops, store.Op{Key: fmt.Sprintf("k/%04d", i), Val: []byte(strings.Repeat(fmt.Sprint("value ", i, " "), 20))})
		}
		mustCommit(t, s, ops...)
		mustClose(t, s)
	}
	return dir
}

// TestDamageIsNeverSilent damages each file of a closed store in each way. The store must then refuse to open, naming its
// directory, or hold every record: what it may not do is to open with some of them gone, or end the process.
func TestDamageIsNeverSilent(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": key(1)} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t, key)
			whole := files(t, dir)
			for file, data := range whole {
				if file == "DISCARD" {
					continue // statistics of the value log: a mebibyte that holds no records
				}
				for how, damage := range damages {
					write(t, filepath.Join(dir, file), damage(slices.Clone(data)))
					refused := judge(t, dir, key, file+" "+how)
					if strings.HasSuffix(file, ".sst") && !refused {
						t.Errorf("%s %s: the store opened", file, how)
					}
					restore(t, dir, whole)
				}
				if err := os.Remove(filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
				judge(t, dir, key, file+" removed")
				restore(t, dir, whole)
			}
			if judge(t, dir, key, "nothing damaged") {
				t.Error("an undamaged store is refused")
			}
		})
	}
}

// judge opens a damaged store and tells whether it was refused, rightly; otherwise every record must be there.
func judge(t *testing.T, dir string, key []byte, what string) (refused bool) {
	t.Helper()
	s, err := badgerkv.Open(badgerkv.Options{Dir: dir, Key: key})
	if err != nil {
		var damaged *badgerkv.DamagedError
		var wrongKey *badgerkv.KeyError // the registry of keys cannot tell the two apart
		ok := errors.As(err, &damaged) && damaged.Dir == dir || errors.As(err, &wrongKey) && strings.HasPrefix(what, "KEYREGISTRY")
		if !ok || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: Open: %v, want a DamagedError that names %s", what, err, dir)
		}
		return true
	}
	defer s.Close()
	kvs, _, err := s.Scan(t.Context(), "", "", 0)
	if err != nil || len(kvs) != damagedRecords {
		t.Errorf("%s: the store opened and holds %d records, %v, want %d", what, len(kvs), err, damagedRecords)
	}
	return false
}

// A crash may leave a log that was just being made; it holds nothing and must not keep the store from opening.
func TestAnUnbornLogIsNoDamage(t *testing.T) {
	dir := filled(t, nil)
	for _, name := range []string{"00077.mem", "000077.vlog"} {
		write(t, filepath.Join(dir, name), nil)
	}
	if judge(t, dir, nil, "empty logs") {
		t.Error("empty logs keep the store from opening")
	}
}

// A table that is cut short while the store is open is noticed by whoever reads it; the process goes on.
func TestAPageThatCannotBeReadIsAnError(t *testing.T) {
	dir := filled(t, nil)
	s := mustOpen(t, badgerkv.Options{Dir: dir})
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	whole := files(t, dir)
	for _, table := range tables {
		if err := os.Truncate(table, 0); err != nil {
			t.Fatal(err)
		}
	}
	var disk *badgerkv.DiskError
	if kvs, _, err := s.Scan(t.Context(), "", "", 0); !errors.As(err, &disk) || disk.Dir != dir {
		t.Errorf("Scan: %d records, %v, want a DiskError that names %s", len(kvs), err, dir)
	}
	for _, table := range tables { // the disk has recovered
		write(t, table, whole[filepath.Base(table)])
	}
	if kvs, _, err := s.Scan(t.Context(), "", "", 0); err != nil || len(kvs) != damagedRecords {
		t.Errorf("Scan: %d records, %v, want %d", len(kvs), err, damagedRecords)
	}
	mustClose(t, s)
}

// files reads every file of a directory.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// restore makes a directory hold those files and no others.
func restore(t *testing.T, dir string, whole map[string][]byte) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range whole {
		write(t, filepath.Join(dir, name), data)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
