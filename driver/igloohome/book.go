package igloohome

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// book remembers what the vendor can't be asked for. It is kept where the account's token would be, and carries no digits.
type book struct{ secrets provider.Secrets }

// ledger is what stands in it.
type ledger struct {
	Issued []booking
	Erased []erasure
	Away   []absence // one of each bridge that is
}

// booking is an algorithmic PIN that was asked for: the same window and variance give the same digits again, so that two codes must not
// share them.
type booking struct {
	At       string      // lock, kind and window
	Variance int         // which of the PINs that they can have
	Code     lock.CodeID // for which
	Until    time.Time
}

// erasure is a job that erases a PIN.
type erasure struct {
	Of     string // the job that wrote it
	Job    string
	At     time.Time
	Done   bool
	Failed bool `json:",omitzero"` // it was tried, and is to be ordered anew
}

// Bounds of the book; the oldest are forgotten first.
const (
	maxBooked  = 2000
	remembered = 40 * 24 * time.Hour // an erasure
)

var errAllTaken = errors.New("all are taken")

func (b *book) read(ctx context.Context) (l ledger, rev provider.Rev, err error) {
	token, rev, err := b.secrets.Load(ctx)
	if err == nil && !token.IsZero() && json.Unmarshal([]byte(token.Reveal()), &l) != nil {
		err = errors.New("what is kept of the account can't be read")
	}
	return l, rev, err
}

// change writes what fn makes of the book; false: nothing.
func (b *book) change(ctx context.Context, now time.Time, fn func(*ledger) bool) error {
	for {
		l, rev, err := b.read(ctx)
		if err != nil {
			return err
		}
		l.Issued = slices.DeleteFunc(l.Issued, func(x booking) bool { return !x.Until.After(now) })
		l.Erased = slices.DeleteFunc(l.Erased, func(x erasure) bool { return now.Sub(x.At) > remembered })
		l.Away = slices.DeleteFunc(l.Away, func(x absence) bool { return now.Sub(x.At) > remembered })
		if !fn(&l) {
			return nil
		}
		l.Issued, l.Erased = l.Issued[max(0, len(l.Issued)-maxBooked):], l.Erased[max(0, len(l.Erased)-maxBooked):]
		text, err := json.Marshal(l)
		if err != nil {
			return errors.New("what is to be kept can't be written as JSON")
		}
		if _, err = b.secrets.Save(ctx, provider.NewToken(string(text)), rev); !errors.Is(err, provider.ErrStale) {
			return err
		}
	}
}

// take returns the variance of a code, the one that it has already or the first that is free.
func (b *book) take(ctx context.Context, want booking, most int, now time.Time) (variance int, err error) {
	full := false
	err = b.change(ctx, now, func(l *ledger) bool {
		taken := map[int]bool{}
		for _, x := range l.Issued {
			switch {
			case x.At != want.At:
			case x.Code == want.Code:
				variance = x.Variance
				return false
			default:
				taken[x.Variance] = true
			}
		}
		want.Variance = 1
		for taken[want.Variance] {
			want.Variance++
		}
		if full = want.Variance > most; full {
			return false
		}
		l.Issued, variance = append(l.Issued, want), want.Variance
		return true
	})
	if full {
		err = errAllTaken
	}
	return variance, err
}

// erasures are those that are remembered, by the jobs that wrote the PINs.
func (l *ledger) erasures() map[string]erasure {
	all := map[string]erasure{}
	for _, e := range l.Erased {
		all[e.Of] = e
	}
	return all
}

// erasure returns that of the PIN which a job wrote; false: there is none.
func (b *book) erasure(ctx context.Context, of string) (erasure, bool, error) {
	l, _, err := b.read(ctx)
	e, ok := l.erasures()[of]
	return e, ok, err
}

// erases notes an erasure in place of an earlier one.
func (b *book) erases(ctx context.Context, e erasure, now time.Time) error {
	return b.change(ctx, now, func(l *ledger) bool {
		l.Erased = append(slices.DeleteFunc(l.Erased, func(x erasure) bool { return x.Of == e.Of }), e)
		return true
	})
}

// misses notes a bridge that is away in place of what stood of it; without a time it is away no longer.
func (b *book) misses(ctx context.Context, x absence, now time.Time) error {
	return b.change(ctx, now, func(l *ledger) bool {
		n := len(l.Away)
		l.Away = slices.DeleteFunc(l.Away, func(o absence) bool { return o.Bridge == x.Bridge })
		if x.At.IsZero() {
			return len(l.Away) < n
		}
		l.Away = append(l.Away, x)
		return true
	})
}
