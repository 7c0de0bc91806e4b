//go:build linux && (amd64 || arm64)

package powercut

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// faultsPerStory is in how many lives of a story the disk fails.
const faultsPerStory = 6

// TestDiskFaults lets the disk fail in the course of a story: it is full, or returns an error. Then the store is opened
// again, sometimes after a power cut. Nothing that was acknowledged may be lost, no effect may happen twice, and no process
// may crash; a store that doesn't open says why in one line, and doesn't send anybody to a backup.
func TestDiskFaults(t *testing.T) {
	whole := undisturbed(t)
	faults, cuts := 0, 0
	for seed := range seeds(t, "POWERCUT_FAULTS", 12) {
		luck := rand.New(rand.NewPCG(seed, 1))
		var hit []string
		l := newLives(t.TempDir(), luck, func(life int) func(Op) Fate {
			if life >= faultsPerStory {
				return nil
			}
			return fault(luck, func(o Op, err error) { hit = append(hit, fmt.Sprintf("life %d, %+v: %v", life, o, err)) })
		})
		if err := survive(l, whole); err != nil {
			t.Fatalf("seed %d: %v\n%s\nrepeat it with POWERCUT_SEED=%d go test -count=1 -run 'TestDiskFaults$' ./internal/powercut",
				seed, err, strings.Join(hit, "\n"), seed)
		}
		for _, said := range l.said {
			if strings.Contains(said, "\n") || strings.Contains(said, "damaged") || strings.Contains(said, "key does not fit") {
				t.Errorf("seed %d: a disk that fails is called: %s\n%s", seed, said, strings.Join(hit, "\n"))
			}
		}
		faults, cuts = faults+len(hit), cuts+l.cuts
	}
	t.Logf("%d operations failed, and %d times the power went after", faults, cuts)
}

// fault draws an operation that fails. A file that can't be read stays so for this life. A table is always written well: when one
// that a compaction makes can't be, Badger (4.9.6, levels.go, subcompact) forgets the error and drops the tables that it was made of.
func fault(luck *rand.Rand, tell func(Op, error)) func(Op) Fate {
	at := 1 + luck.IntN(80)
	if luck.IntN(2) == 0 {
		at = 1 + luck.IntN(300)
	}
	full := luck.IntN(2) == 0
	unreadable := ""
	return func(o Op) Fate {
		var err unix.Errno
		if strings.HasSuffix(o.Name, ".sst") && o.Call != "read" && o.Call != "pread" {
			return Fate{}
		}
		switch o.Call {
		case "read", "pread":
			if o.N == at {
				unreadable = o.Name
			}
			if o.Name == unreadable {
				err = unix.EIO
			}
		case "write", "pwrite", "create", "ftruncate", "fallocate", "rename", "link":
			if o.N == at {
				if err = unix.EIO; full {
					err = unix.ENOSPC
				}
			}
		default:
			if o.N == at {
				err = unix.EIO
			}
		}
		if err != 0 {
			tell(o, err)
		}
		return Fate{Err: err}
	}
}
