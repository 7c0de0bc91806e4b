package badgerkv_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

// childVar, in the environment of this test binary, makes it a child that plays the role it names in the directory after it.
const childVar = "BADGERKV_TEST_CHILD"

func TestMain(m *testing.M) {
	if role, dir, ok := strings.Cut(os.Getenv(childVar), " "); ok {
		if err := child(role, dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func child(role, dir string) error {
	s, err := badgerkv.Open(badgerkv.Options{Dir: dir, Key: key(1), Sync: true})
	if err != nil {
		return err
	}
	if role == "open" {
		return s.Close()
	}
	_, n, err := s.Scan(context.Background(), "", "", 1)
	if err != nil {
		return err
	}
	// Writes without end, and tells of each commit once it is acknowledged. Commit n makes the records a/n and b/n and removes
	// b/n-1, so that a commit made by halves would show.
	for n++; ; n++ {
		rev, err := s.Commit(context.Background(), nil, []store.Op{
			{Key: fmt.Sprintf("a/%08d", n), Val: []byte(strings.Repeat("x", int(n%2000)))},
			{Key: fmt.Sprintf("b/%08d", n)},
			{Key: fmt.Sprintf("b/%08d", n-1), Delete: true},
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Println(rev); err != nil {
			return err
		}
	}
}

// command is this test binary as a child.
func command(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), childVar+"="+role+" "+dir)
	return c
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	o := badgerkv.Options{Dir: dir, Key: key(1)}
	s := mustOpen(t, o)

	_, err := badgerkv.Open(o)
	var inUse *badgerkv.InUseError
	if !errors.As(err, &inUse) || inUse.Dir != dir || inUse.PID != os.Getpid() {
		t.Errorf("a second Open in this process: %v, want an InUseError of process %d", err, os.Getpid())
	}
	said, err := command(t, "open", dir).CombinedOutput()
	want := fmt.Sprintf("the store in %s is open in process %d\n", dir, os.Getpid())
	if err == nil || string(said) != want {
		t.Errorf("an Open in a child process: %v, said %q, want %q", err, said, want)
	}
	mustCommit(t, s, store.Op{Key: "k", Val: []byte("still ours")})
	mustClose(t, s)

	if said, err := command(t, "open", dir).CombinedOutput(); err != nil {
		t.Errorf("an Open in a child process after Close: %v, said %q", err, said)
	}
	mustClose(t, mustOpen(t, o))
}

// TestKillLosesNothingAcknowledged kills a writing child with SIGKILL, again and again on the same directory, and looks that
// every commit it told of is there, whole.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		acked := killed(t, dir, 100+50*round)
		s := mustOpen(t, badgerkv.Options{Dir: dir, Key: key(1), Sync: true})
		kvs, at, err := s.Scan(t.Context(), "", "", 0)
		if err != nil {
			t.Fatalf("round %d: Scan: %v", round, err)
		}
		if at < acked {
			t.Errorf("round %d: the store is at revision %d, and %d was acknowledged", round, at, acked)
		}
		a, b := 0, 0
		for _, kv := range kvs {
			if strings.HasPrefix(kv.Key, "a/") {
				a++
				if kv.Key != fmt.Sprintf("a/%08d", a) || kv.Rev != store.Rev(a) || len(kv.Val) != a%2000 {
					t.Fatalf("round %d: record %d is %q, %d bytes, revision %d", round, a, kv.Key, len(kv.Val), kv.Rev)
				}
				continue
			}
			b++
			if kv.Key != fmt.Sprintf("b/%08d", at) || kv.Rev != at {
				t.Errorf("round %d: %q at revision %d, want only the one of revision %d", round, kv.Key, kv.Rev, at)
			}
		}
		if store.Rev(a) != at || b != 1 {
			t.Errorf("round %d: %d and %d records at revision %d, want %d and 1", round, a, b, at, at)
		}
		mustClose(t, s)
	}
}

// killed runs a writing child, kills it once it has acknowledged n commits, and returns the last that it did.
func killed(t *testing.T, dir string, n int) store.Rev {
	t.Helper()
	c := command(t, "write", dir)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	acks := bufio.NewScanner(out)
	var last string
	for seen := 0; acks.Scan(); seen++ { // after the kill it reads what was still in the pipe
		last = acks.Text()
		if seen == n {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.Wait() // it was killed
	rev, err := strconv.ParseInt(last, 10, 64)
	if err != nil || rev < int64(n) {
		t.Fatalf("the child acknowledged %q before its end, want at least %d: %s", last, n, complaint.String())
	}
	return store.Rev(rev)
}

// A crash may leave a log that was written with a larger memtable than ours, by an earlier version: what it holds is still read.
func TestALogOfALargerMemtableIsRead(t *testing.T) {
	const large, records = 16 << 20, 30
	old, dir := t.TempDir(), t.TempDir()
	db, err := badger.Open(badger.DefaultOptions(old).WithMemTableSize(large).WithValueLogFileSize(large).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		err := db.Update(func(txn *badger.Txn) error {
			return txn.Set(fmt.Appendf(nil, "k%02d", i), make([]byte, store.MaxValue))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for file, data := range files(t, old) { // as a crash leaves it
		write(t, filepath.Join(dir, file), data)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, badgerkv.Options{Dir: dir})
	defer s.Close()
	if kvs, _, err := s.Scan(t.Context(), "", "", 0); err != nil || len(kvs) != records {
		t.Errorf("Scan: %d records, %v, want %d", len(kvs), err, records)
	}
}
