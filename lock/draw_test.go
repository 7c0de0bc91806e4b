package lock

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// stream gives random bits by attempt: order-independent, as the engine's are.
func stream(seed uint64) func(int) uint64 {
	return func(attempt int) uint64 { return rand.New(rand.NewPCG(seed, uint64(attempt))).Uint64() }
}

func traitsOf(lengths []int, kinds ...ConstraintKind) Traits {
	t := Traits{PINLengths: lengths}
	for _, k := range kinds {
		t.Constraints = append(t.Constraints, Constraint{Kind: k})
	}
	return t
}

func TestDrawObeysEveryRule(t *testing.T) {
	all := traitsOf([]int{4, 6, 9, 12})
	for kind := range oracles {
		all.Constraints = append(all.Constraints, Constraint{Kind: kind})
	}
	for _, length := range all.Lengths() {
		for seed := range uint64(200) {
			p, ok := all.Draw(length, nil, stream(seed))
			if !ok {
				t.Fatalf("length %d seed %d: nothing drawn", length, seed)
			}
			for kind, holds := range oracles {
				if s := p.Reveal(); len(s) != length || !holds(s) {
					t.Fatalf("length %d seed %d: %s breaks %s", length, seed, s, kind)
				}
			}
			if b := all.CheckPIN(p); b != nil {
				t.Fatalf("length %d seed %d: own check refuses %s: %s", length, seed, p.Reveal(), b.Message)
			}
			if again, _ := all.Draw(length, nil, stream(seed)); again != p {
				t.Fatalf("length %d seed %d: a repeated draw differs", length, seed)
			}
		}
	}
}

func TestDrawIsUniform(t *testing.T) {
	// A space small enough for a chi-square: every allowed PIN must turn up about equally often.
	traits := traitsOf([]int{4}, CannotContain0789, CannotStartWith12)
	cells, draws := traits.Space(4), 0
	if cells != 6*6*6*6-36 {
		t.Fatalf("Space = %d", cells)
	}
	seen := map[PIN]int{}
	for draws = range 40 * cells {
		p, ok := traits.Draw(4, nil, stream(uint64(draws)))
		if !ok {
			t.Fatal("nothing drawn")
		}
		seen[p]++
	}
	if len(seen) != cells {
		t.Fatalf("%d of %d allowed PINs turned up", len(seen), cells)
	}
	chi2 := 0.0
	for _, n := range seen {
		chi2 += float64(n-40) * float64(n-40) / 40
	}
	// The statistic has mean cells-1 and standard deviation sqrt(2(cells-1)).
	if z := (chi2 - float64(cells-1)) / math.Sqrt(2*float64(cells-1)); math.Abs(z) > 4 {
		t.Errorf("chi-square is %.1f standard deviations from what uniform draws give", z)
	}
}

func TestDrawTakesTheLastFreePINAndThenNone(t *testing.T) {
	traits := traitsOf([]int{4, 6}, NoSequence, CannotContain0789, UniqueFirstFour)
	for _, length := range []int{4, 6} {
		last := pin(t, "246135"[:length])
		got, ok := traits.Draw(length, func(p PIN) bool { return p != last }, stream(1))
		if !ok || got != last {
			t.Errorf("length %d: the last free PIN was not found", length)
		}
		if _, ok := traits.Draw(length, func(PIN) bool { return true }, stream(1)); ok {
			t.Errorf("length %d: drew a taken PIN", length)
		}
	}
	// Beyond a million combinations an end is admitted too.
	if _, ok := (Traits{}).Draw(8, func(PIN) bool { return true }, stream(1)); ok {
		t.Error("length 8: drew a taken PIN")
	}
}

func TestDrawUsesUpTheSpaceWithoutRepeating(t *testing.T) {
	traits := traitsOf([]int{4}, CannotContain0789, UniqueFirstFour)
	used := map[PIN]bool{}
	for i := range uint64(1000) {
		p, ok := traits.Draw(4, func(p PIN) bool { return used[p] }, stream(i))
		if !ok {
			break
		}
		if used[p] {
			t.Fatalf("%s drawn twice", p.Reveal())
		}
		used[p] = true
	}
	if want := 6 * 5 * 4 * 3; len(used) != want || traits.Space(4) != want {
		t.Errorf("%d PINs drawn, Space = %d, want %d", len(used), traits.Space(4), want)
	}
}

func TestNothingToDraw(t *testing.T) {
	for name, c := range map[string]struct {
		traits Traits
		length int
	}{
		"length the lock lacks": {Traits{}, 9},
		"no digits":             {Traits{PINLengths: []int{0}}, 0},
		"longer than a PIN":     {Traits{PINLengths: []int{13}}, 13},
		"assigned":              {Traits{AssignsPIN: true}, 4},
		"offline only":          {Traits{OfflineOnly: true}, 4},
		"cannot specify":        {traitsOf(nil, CannotSpecifyPIN), 4},
		"existing set":          {traitsOf(nil, MatchesExistingSet), 4},
	} {
		if p, ok := c.traits.Draw(c.length, nil, stream(1)); ok || !p.IsZero() {
			t.Errorf("%s: drew", name)
		}
		if n := c.traits.Space(c.length); n != 0 {
			t.Errorf("%s: Space = %d", name, n)
		}
	}
	if n := (Traits{}).Space(8); n != 100_000_000 {
		t.Errorf("Space(8) without rules = %d", n)
	}
}

func TestBelowRefusesExactlyTheBiasedTop(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 10_000, 1_000_000_000_000, 1 << 40} {
		rest := (math.MaxUint64%n + 1) % n // 2^64 mod n: so many values at the top are too many
		edge := uint64(math.MaxUint64) - rest
		if i, ok := below(n, edge); !ok || i != n-1 {
			t.Errorf("n=%d: the last fair value gives %d, %v", n, i, ok)
		}
		if rest > 0 {
			if _, ok := below(n, edge+1); ok {
				t.Errorf("n=%d: the first unfair value is taken", n)
			}
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add(uint64(1), uint16(0), 4)
	f.Add(uint64(7), uint16(0x1ff), 6)
	f.Add(uint64(9), uint16(0x155), 12)
	f.Fuzz(func(t *testing.T, seed uint64, rules uint16, length int) {
		traits := Traits{PINLengths: []int{4, 5, 9, 12}}
		for i, r := range digitRules {
			if rules>>i&1 == 1 {
				traits.Constraints = append(traits.Constraints, Constraint{Kind: r.kind})
			}
		}
		p, ok := traits.Draw(length, nil, stream(seed))
		if want := length == 4 || length == 5 || length == 9 || length == 12; ok != want {
			t.Fatalf("drew = %v for length %d", ok, length)
		}
		if b := traits.CheckPIN(p); b != nil {
			t.Fatalf("drew %s: %s", p.Reveal(), b.Message)
		}
		if s := fmt.Sprint(p); ok && s != dots {
			t.Fatalf("a drawn PIN prints as %q", s)
		}
	})
}
