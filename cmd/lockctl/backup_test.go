package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

// lockctl runs a command and returns its exit code and what it said.
func lockctl(t *testing.T, home string, args ...string) (int, string) {
	t.Helper()
	var said bytes.Buffer
	code := run(t.Context(), args, []string{"HOME=" + home}, stdio{strings.NewReader(""), &said, &said})
	return code, said.String()
}

// kept is a home folder in which a daemon has run and made some codes.
func kept(t *testing.T) (home string, codes []string) {
	t.Helper()
	home = t.TempDir()
	s := startServe(t, home)
	s.logged("devices were put under management")
	for i := range 5 {
		if err := s.post("/access_codes/create", map[string]any{"device_id": "demo-01", "name": fmt.Sprintf("guest %d", i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	codes = s.codes("demo-01")
	s.ends()
	if len(codes) != 5 {
		t.Fatalf("%d codes", len(codes))
	}
	return home, codes
}

// codes lists the codes of a device, by id and name.
func (s *served) codes(device string) []string {
	s.t.Helper()
	var got struct {
		Codes []struct {
			ID   string `json:"access_code_id"`
			Name string
		} `json:"access_codes"`
	}
	if err := s.post("/access_codes/list", map[string]any{"device_id": device}, &got); err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, c := range got.Codes {
		all = append(all, c.ID+" "+c.Name)
	}
	slices.Sort(all)
	return all
}

func dataOf(home string) string { return filepath.Join(home, ".local", "share", "lockctl") }

func TestABackupBringsEverythingBack(t *testing.T) {
	home, codes := kept(t)
	for _, way := range []struct {
		name    string
		running bool
		flags   []string
	}{{"daemon.backup", true, nil}, {"store.backup", false, nil}, {"plain.backup", false, []string{"--plain"}}} {
		file := filepath.Join(home, way.name)
		var s *served
		if way.running {
			s = startServe(t, home)
		}
		code, said := lockctl(t, home, append([]string{"backup", file}, way.flags...)...)
		if code != exitDone {
			t.Fatalf("%s: exit code %d: %s", way.name, code, said)
		}
		if s != nil {
			s.ends()
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if plain := bytes.HasPrefix(text, []byte("lockctl archive")); plain != (way.flags != nil) {
			t.Errorf("%s: encrypted: %v", way.name, !plain)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: others can read it: %v, %v", way.name, info.Mode(), err)
		}
		if code, said := lockctl(t, home, "restore", file); code != exitRefused || !strings.Contains(said, "is not empty") {
			t.Errorf("%s: restored over what is there: %d %s", way.name, code, said)
		}
		live := filepath.Join(dataOf(home), "live")
		if err := os.Rename(live, live+"."+way.name); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(live + ".key"); err != nil { // a backup does not need it
			t.Fatal(err)
		}
		if code, said := lockctl(t, home, "restore", file, "--dry-run"); code != exitDone || !strings.HasPrefix(said, "would put ") {
			t.Errorf("%s: restore --dry-run: %d %s", way.name, code, said)
		}
		for _, path := range []string{live, live + ".key"} {
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: a dry run left %s: %v", way.name, path, err)
			}
		}
		if code, said := lockctl(t, home, "restore", file); code != exitDone {
			t.Fatalf("%s: restore: %d %s", way.name, code, said)
		}
		if code, said := lockctl(t, home, "doctor"); code != exitDone {
			t.Errorf("%s: doctor: %d %s", way.name, code, said)
		}
		s = startServe(t, home)
		if got := s.codes("demo-01"); !slices.Equal(got, codes) {
			t.Errorf("%s: codes %v, want %v", way.name, got, codes)
		}
		s.ends()
	}
	// A backup that is not whole, not one at all, or for another's eyes is refused and leaves nothing behind.
	live := filepath.Join(dataOf(home), "live")
	if err := os.Rename(live, live+".last"); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(home, "store.backup"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"cut": whole[:len(whole)-100], "short": whole[:30], "empty": nil, "other": []byte("-----BEGIN CERTIFICATE-----\n")} {
		file := filepath.Join(home, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, said := lockctl(t, home, "restore", file); code != exitInput || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: %d %s", name, code, said)
		}
	}
	if err := os.Remove(filepath.Join(dataOf(home), "backup.key")); err != nil {
		t.Fatal(err)
	}
	if code, said := lockctl(t, home, "restore", filepath.Join(home, "store.backup")); code != exitInput || !strings.Contains(said, "--identity") {
		t.Errorf("without its key: %d %s", code, said)
	}
	if left, _ := filepath.Glob(live + "*"); slices.ContainsFunc(left, func(p string) bool { return p == live || strings.HasSuffix(p, ".restoring") }) {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheDoctorSaysWhatIsWrong(t *testing.T) {
	home, codes := kept(t)
	dir := filepath.Join(dataOf(home), "live")
	key, err := badgerkv.KeyFile(dir + ".key")
	if err != nil {
		t.Fatal(err)
	}
	s, err := badgerkv.Open(badgerkv.Options{Dir: dir, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if code, said := lockctl(t, home, "doctor"); code != exitRefused || !strings.Contains(said, "is open in process") {
		t.Errorf("beside a daemon: %d %s", code, said)
	}
	id, _, _ := strings.Cut(codes[0], " ")
	if _, err := s.Commit(t.Context(), nil, []store.Op{{Key: "cid/" + id, Delete: true}, {Key: "undo/0000000000000001", Val: []byte("{")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	code, said := lockctl(t, home, "doctor")
	if code != exitRefused || !strings.Contains(said, "cid/"+id) || !strings.Contains(said, "lockctl doctor --repair") || !strings.Contains(said, "undo/") {
		t.Errorf("%d %s", code, said)
	}
	if code, said := lockctl(t, home, "doctor", "--repair"); code != exitRefused || !strings.Contains(said, "mended") {
		t.Errorf("mending: %d %s", code, said)
	}
	if code, said := lockctl(t, home, "doctor", "--output", "json"); code != exitRefused || strings.Contains(said, "cid/") || !strings.Contains(said, `"undo/`) {
		t.Errorf("mended: %d %s", code, said)
	}
}

// However the files of a store are cut or spoilt, the doctor and the daemon say in one sentence what to do.
func TestADamagedFolderGivesGuidance(t *testing.T) {
	home, _ := kept(t)
	dir := filepath.Join(dataOf(home), "live")
	whole := t.TempDir()
	if err := os.CopyFS(whole, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(whole)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, f := range files {
		for name, damage := range map[string]func([]byte) []byte{
			"cut": func(b []byte) []byte { return b[:len(b)/2] },
			"spoilt": func(b []byte) []byte {
				b = bytes.Clone(b)
				copy(b, bytes.Repeat([]byte{0xa5}, min(len(b), 4096)))
				return b
			},
			"gone": func([]byte) []byte { return nil },
		} {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, f.Name())
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if text = damage(text); text == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			code, said := lockctl(t, home, "doctor")
			if code != exitDone && code != exitRefused && code != exitBroken || strings.Contains(said, "panic") || strings.Contains(said, "goroutine ") {
				t.Errorf("%s %s: %d %s", f.Name(), name, code, said)
			}
			if code == exitBroken {
				refused++
				if !strings.Contains(said, "restore") && !strings.Contains(said, "key") {
					t.Errorf("%s %s: no guidance: %s", f.Name(), name, said)
				}
			}
		}
	}
	if refused < 3 {
		t.Errorf("only %d damages were told", refused)
	}
}

// Where the store does not open, every command that wants it says what to do, and makes nothing in its place.
func TestEveryCommandExplainsAStoreThatDoesNotOpen(t *testing.T) {
	home, _ := kept(t)
	data := dataOf(home)
	live := filepath.Join(data, "live")
	tables, err := filepath.Glob(filepath.Join(live, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, harm := range []struct {
		name string
		do   func() error
		says string
	}{
		{"a table cut short", func() error { return os.Truncate(tables[0], 100) }, "is damaged: "},
		{"the key is gone", func() error { return os.Remove(live + ".key") }, "live.key is missing, and the store in "},
		{"the key is another", func() error { return os.WriteFile(live+".key", []byte(strings.Repeat("ab", 32)), 0o600) }, "the key does not fit this store"},
		{"the key is none", func() error { return os.WriteFile(live+".key", []byte("none"), 0o600) }, "want 64 hexadecimal digits and nothing else"},
	} {
		good := filepath.Join(t.TempDir(), "good")
		copyData(t, data, good)
		if err := harm.do(); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"doctor"}, {"doctor", "--repair"}, {"today"}, {"codes", "list"}, {"backup", filepath.Join(home, "no.backup")}, {"serve"}} {
			code, said := lockctl(t, home, args...)
			if code != exitBroken || !strings.HasPrefix(said, "lockctl: ") || !strings.Contains(said, harm.says) || strings.Contains(said, "runtime error") || strings.Count(said, "\n") != 1 {
				t.Errorf("%s: %v: %d %s", harm.name, args, code, said)
			}
		}
		if _, err := os.Stat(filepath.Join(home, "no.backup")); err == nil {
			t.Errorf("%s: there is a backup of it", harm.name)
		}
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
		copyData(t, good, data)
	}
	if code, said := lockctl(t, home, "doctor"); code != exitDone {
		t.Errorf("what was put back: %d %s", code, said)
	}
}

// copyData copies a data folder, closed to others as it was.
func copyData(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{to: 0o700, filepath.Join(to, "live.key"): 0o600} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}

// A backup that is taken while codes are made is of one instant: it is whole, and has all that was acknowledged before it.
func TestABackupIsTakenWhileTheDaemonWrites(t *testing.T) {
	home := t.TempDir()
	s := startServe(t, home)
	s.logged("devices were put under management")
	made := make(chan int, 1)
	stop := make(chan struct{})
	wrong := make(chan error, 1)
	go func() {
		defer close(wrong)
		for n := 1; ; n++ {
			if err := s.post("/access_codes/create", map[string]any{"device_id": "demo-01", "name": fmt.Sprintf("guest %04d", n)}, nil); err != nil {
				wrong <- err
				return
			}
			select {
			case made <- n:
			case <-stop:
				return
			}
		}
	}()
	for n := range 3 {
		var before int
		for range 3 {
			before = <-made
		}
		file := filepath.Join(home, fmt.Sprintf("%d.backup", n))
		copied := make(chan string, 1)
		go func() {
			code, said := lockctl(t, home, "backup", "--plain", file)
			copied <- fmt.Sprint(code, " ", said)
		}()
		said := ""
		for said == "" {
			select {
			case <-made: // codes go on being made
			case said = <-copied:
			}
		}
		if !strings.HasPrefix(said, "0 ") {
			t.Fatal(said)
		}
		other := t.TempDir()
		if code, said := lockctl(t, other, "restore", file); code != exitDone {
			t.Fatalf("restore: %d %s", code, said)
		}
		if code, said := lockctl(t, other, "doctor"); code != exitDone {
			t.Errorf("doctor: %d %s", code, said)
		}
		_, list := lockctl(t, other, "codes", "list", "--filter", "name:guest", "-o", "jsonl")
		got := strings.Count(list, `"name":"guest `)
		if got < before {
			t.Errorf("%d codes were acknowledged, the backup has %d", before, got)
		}
		for i := 1; i <= got; i++ {
			if !strings.Contains(list, fmt.Sprintf(`"name":"guest %04d"`, i)) {
				t.Errorf("the backup has %d codes, but not the %dth", got, i)
			}
		}
	}
	close(stop)
	if err := <-wrong; err != nil {
		t.Error(err)
	}
	s.ends()
}
