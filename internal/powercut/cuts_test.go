//go:build linux && (amd64 || arm64)

package powercut

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store/memkv"
)

func bg() context.Context { return context.Background() }

// cutsPerStory is how often at most the power goes in one story.
const cutsPerStory = 10

// TestPowerCuts lets the power go again and again in the course of a story. Nothing that was acknowledged may be lost, no
// effect may happen twice, and the store must open each time.
func TestPowerCuts(t *testing.T) {
	whole := undisturbed(t)
	wanted := amount(t, "POWERCUT_CUTS", 10)
	cuts, lossy, ops, stories := 0, 0, 0, 0
	for seed := range seeds(t, "POWERCUT_CUTS", wanted) { // of which a few are enough
		if cuts >= wanted {
			break
		}
		base, err := os.MkdirTemp("", "powercut-")
		if err != nil {
			t.Fatal(err)
		}
		luck := rand.New(rand.NewPCG(seed, 0))
		l := newLives(base, luck, moments(luck))
		if err := survive(l, whole); err != nil {
			t.Errorf("seed %d: %v\nrepeat it with POWERCUT_SEED=%d go test -count=1 -run 'TestPowerCuts$' ./internal/powercut\nthe disks are kept in %s", seed, err, seed, base)
		} else if err := os.RemoveAll(base); err != nil {
			t.Error(err)
		}
		cuts, lossy, ops, stories = cuts+l.cuts, lossy+l.lossy, ops+l.ops, stories+1
		if t.Failed() {
			break
		}
	}
	t.Logf("%d power cuts in %d stories of %d operations; %d of them lost what was not synced", cuts, stories, ops, lossy)
	if lossy == 0 && stories > 1 {
		t.Error("no cut lost anything, so they mean nothing")
	}
}

// TestPowerCutsAreFelt tells the same story on a store that does not sync: then power cuts must be seen to lose what was
// acknowledged, or the test above proves nothing.
func TestPowerCutsAreFelt(t *testing.T) {
	whole := undisturbed(t)
	const stories = 8
	losses := 0
	for seed := uint64(1); seed <= stories; seed++ {
		luck := rand.New(rand.NewPCG(seed, 0))
		l := newLives(t.TempDir(), luck, moments(luck))
		l.sync = false
		var loss *lossError
		switch err := survive(l, whole); {
		case errors.As(err, &loss):
			losses++
			t.Logf("seed %d: %v", seed, loss)
		case err != nil:
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if losses < stories/2 {
		t.Errorf("%d of %d stories without syncing lost something acknowledged, want at least half", losses, stories)
	}
}

// TestPowerCutsThatForgetNames tells the story on a disk that keeps the name of a new file only once its directory was synced,
// which is less than journaling file systems promise and less than Badger takes for granted. There the store may refuse to
// open for want of a table, but it never opens without something that was acknowledged.
func TestPowerCutsThatForgetNames(t *testing.T) {
	whole := undisturbed(t)
	refused, cuts := 0, 0
	for seed := range seeds(t, "POWERCUT_STRICT", 6) {
		luck := rand.New(rand.NewPCG(seed, 0))
		l := newLives(t.TempDir(), luck, moments(luck))
		l.strict = true
		switch err := survive(l, whole); {
		case err == nil:
		case strings.Contains(err.Error(), "is damaged: 0") && strings.Contains(err.Error(), ".sst") && strings.Contains(err.Error(), "restore the last backup"):
			refused++
		default:
			t.Errorf("seed %d: %v", seed, err)
		}
		cuts += l.cuts
	}
	t.Logf("%d power cuts; %d stores missed a table and said so", cuts, refused)
}

// moments draws when the power goes in each life: often while it recovers, else somewhere in its course.
func moments(luck *rand.Rand) func(life int) func(Op) Fate {
	return func(life int) func(Op) Fate {
		if life >= cutsPerStory {
			return nil
		}
		at := 1 + luck.IntN(80)
		if luck.IntN(3) > 0 {
			at = 1 + luck.IntN(300)
		}
		return func(o Op) Fate { return Fate{Cut: o.N == at} }
	}
}

// undisturbed is the story as nothing befalls it.
func undisturbed(t *testing.T) *story {
	t.Helper()
	y, err := tell(memkv.New(), func(error) bool { return false }, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if len(y.broken) > 0 {
		t.Fatal(y.broken)
	}
	return y
}

// survive tells the story on a store that lives several times.
func survive(l *lives, whole *story) error {
	if err := l.begin(); err != nil {
		return err
	}
	var failed error
	y, err := tell(l, func(error) bool {
		failed = l.again()
		return failed == nil
	}, func() { l.calm.Store(true) })
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	y.compare(whole)
	if len(y.broken) > 0 {
		return fmt.Errorf("%d complaints, the first: %s", len(y.broken), y.broken[0])
	}
	if err := l.Close(); err != nil {
		return err
	}
	return l.bury()
}

// seeds are those to try: as many as the variable of the environment says, or only POWERCUT_SEED.
func seeds(t *testing.T, variable string, otherwise int) iter.Seq[uint64] {
	t.Helper()
	first, n := 1, amount(t, variable, otherwise)
	if os.Getenv("POWERCUT_SEED") != "" {
		first, n = amount(t, "POWERCUT_SEED", 0), 1
	}
	return func(yield func(uint64) bool) {
		for seed := first; seed < first+n && yield(uint64(seed)); seed++ {
		}
	}
}

// amount reads a number from the environment.
func amount(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
