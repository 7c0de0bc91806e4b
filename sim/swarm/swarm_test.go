package swarm

import (
	"reflect"
	"testing"

	"github.com/accesscodes/lockctl/sim/scenario"
)

func TestASeedIsOneStory(t *testing.T) {
	for seed := range uint64(40) {
		a, b := Generate(seed, Options{}), Generate(seed, Options{})
		if !reflect.DeepEqual(a, b) {
			t.Errorf("seed %d gives two stories", seed)
		}
		if reflect.DeepEqual(a.Steps, Generate(seed+1000, Options{}).Steps) {
			t.Errorf("seeds %d and %d give the same story", seed, seed+1000)
		}
	}
}

func TestStoriesAreWithinTheBoundsOfScenarios(t *testing.T) {
	for seed := range uint64(300) {
		f := Generate(seed, Options{})
		if len(f.Steps) > scenario.MaxSteps || len(f.Spec.Locks) > scenario.MaxLocks || f.Run > scenario.MaxRun {
			t.Errorf("seed %d: %d steps, %d locks, %v", seed, len(f.Steps), len(f.Spec.Locks), f.Run)
		}
		for i, s := range f.Steps {
			if s.At.Before(f.Start) || s.At.After(f.End()) || i > 0 && s.At.Before(f.Steps[i-1].At) {
				t.Errorf("seed %d: step %d is out of place", seed, i)
			}
		}
	}
}
