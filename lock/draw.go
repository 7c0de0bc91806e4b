package lock

import (
	"math"
	"slices"
)

const (
	// drawAttempts bounds the draws by rejection. All rules together still allow a fifth of them, so that running out means
	// that nearly every PIN is taken.
	drawAttempts = 2000
	// enumerable is the largest space that is searched to the last PIN (10^6: six free digits).
	enumerable = 1_000_000
)

// Draw picks a PIN of that length, uniformly among those that the lock allows and that are not taken. random(attempt) must
// give 64 uniform bits that depend on nothing but the attempt, so that a repeated Draw gives the same PIN; taken may be nil.
// It returns false if the lock takes no chosen PIN of that length, or none is left: for up to a million combinations that is
// certain, for more it is a matter of 2000 draws.
func (t Traits) Draw(length int, taken func(PIN) bool, random func(attempt int) uint64) (PIN, bool) {
	s, ok := t.space(length)
	if !ok {
		return PIN{}, false
	}
	free := func(i uint64) (PIN, bool) {
		digits, ok := s.at(i)
		if !ok {
			return PIN{}, false
		}
		p, err := ParsePIN(string(digits))
		return p, err == nil && (taken == nil || !taken(p))
	}
	for attempt := range drawAttempts {
		i, ok := below(s.size, random(attempt))
		if !ok {
			continue
		}
		if p, ok := free(i); ok {
			return p, true
		}
	}
	if s.size > enumerable {
		return PIN{}, false
	}
	var left []PIN
	for i := range s.size {
		if p, ok := free(i); ok {
			left = append(left, p)
		}
	}
	if len(left) == 0 {
		return PIN{}, false
	}
	return left[random(drawAttempts)%uint64(len(left))], true // the bias of a million in 2^64 can't be seen
}

// Space is how many PINs of that length the lock allows. Up to a million combinations it is exact; beyond, rules that look
// at more than single digits are left out, and it is an upper bound.
func (t Traits) Space(length int) int {
	s, ok := t.space(length)
	if !ok {
		return 0
	}
	if s.size > enumerable {
		return int(s.size)
	}
	n := 0
	for i := range s.size {
		if _, ok := s.at(i); ok {
			n++
		}
	}
	return n
}

// pinSpace numbers the PINs of one length over the digits that a lock has: 0 to size-1. Leaving the forbidden digits out
// from the start keeps rejection rare at every length.
type pinSpace struct {
	length   int
	alphabet []byte
	size     uint64
	rules    []func([]byte) bool
}

// space returns false if no PIN of that length can be chosen.
func (t Traits) space(length int) (pinSpace, bool) {
	if length < 1 || length > MaxPIN || !slices.Contains(t.Lengths(), length) || t.choosesPIN() || t.has(MatchesExistingSet) {
		return pinSpace{}, false
	}
	s := pinSpace{length: length, size: 1}
	for d := byte('0'); d <= '9'; d++ {
		if t.allowsDigit(d) {
			s.alphabet = append(s.alphabet, d)
		}
	}
	for range length {
		s.size *= uint64(len(s.alphabet))
	}
	for _, r := range digitRules {
		if t.has(r.kind) {
			s.rules = append(s.rules, r.holds)
		}
	}
	return s, true
}

func (t Traits) allowsDigit(d byte) bool {
	one := []byte{d}
	return (!t.has(NoZeros) || without(one, "0")) &&
		(!t.has(CannotContain089) || without(one, "089")) &&
		(!t.has(CannotContain0789) || without(one, "0789"))
}

// at returns the digits of PIN number i, and whether the lock allows them.
func (s pinSpace) at(i uint64) ([]byte, bool) {
	digits := make([]byte, s.length)
	base := uint64(len(s.alphabet))
	for k := s.length - 1; k >= 0; k-- {
		digits[k] = s.alphabet[i%base]
		i /= base
	}
	for _, holds := range s.rules {
		if !holds(digits) {
			return nil, false
		}
	}
	return digits, true
}

// below maps 64 random bits to 0..n-1. It refuses the few values at the top that would make some results likelier.
func below(n, bits uint64) (uint64, bool) {
	if over := math.MaxUint64 % n; over != n-1 && bits >= math.MaxUint64-over {
		return 0, false
	}
	return bits % n, true
}
