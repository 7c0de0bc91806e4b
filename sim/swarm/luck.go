package swarm

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// luck is the stream that a story is drawn from.
type luck struct{ *rand.Rand }

func newLuck(seed uint64) luck { return luck{rand.New(rand.NewPCG(seed, 0x5eed))} }

// chance is true with probability p.
func (l luck) chance(p float64) bool { return l.Float64() < p }

// span is a time of whole seconds from least to most, evenly.
func (l luck) span(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(l.Int64N(int64((most-least)/time.Second)+1))*time.Second
}

// stretch is a time of whole seconds from least to most, where each order of magnitude is as likely as another.
func (l luck) stretch(least, most time.Duration) time.Duration {
	low, high := math.Log(least.Seconds()), math.Log(most.Seconds())
	return time.Duration(math.Exp(low+l.Float64()*(high-low))) * time.Second
}

// between is an instant of whole seconds in [from, to].
func (l luck) between(from, to time.Time) time.Time { return from.Add(l.span(0, to.Sub(from))) }

// pick is one of the given things.
func pick[T any](l luck, from ...T) T { return from[l.IntN(len(from))] }

// weights are the swarm's: some things never happen in a story, the others with wildly different weights, so that each story
// shows a corner of the space that a fair mixture would hardly ever show.
type weights []float64

func (l luck) weights(n int) weights {
	w := make(weights, n)
	for i := range w {
		if l.chance(0.5) {
			w[i] = math.Exp(1.5 * l.NormFloat64())
		}
	}
	w[l.IntN(n)] += 0.1 // something happens
	return w
}

// draw picks an index by weight.
func (w weights) draw(l luck) int {
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	at := l.Float64() * sum
	for i, x := range w {
		if at < x {
			return i
		}
		at -= x
	}
	return len(w) - 1
}

// pin draws digits that nearly every lock takes.
func (l luck) pin(t lock.Traits) lock.PIN {
	length := 6
	if n := t.PINLengths; len(n) > 0 {
		length = pick(l, n...)
	}
	p, ok := t.Draw(length, nil, func(int) uint64 { return l.Uint64() })
	if !ok {
		p, _ = lock.ParsePIN("739164")
	}
	return p
}
