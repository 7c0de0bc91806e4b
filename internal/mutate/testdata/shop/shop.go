// Package shop has one place for each mistake.
package shop

import "time"

const grace = 5 * time.Minute

// Shop sells from its opening until it closes.
type Shop struct {
	Opens, Closes time.Time
	sold          int
	last          string
	log           []string
}

// Sell sells n things, if it may.
func (s *Shop) Sell(now time.Time, what string, n int) bool {
	if now.Before(s.Opens) || now.After(s.Closes.Add(grace)) {
		return false
	}
	if n < 1 {
		return false
	}
	left := n
	for left > 0 {
		s.log = append(s.log, what)
		left--
	}
	s.sold, s.last = s.sold+n, what
	return true
}

// Cheapest is the smaller price, and never below one.
func Cheapest(a, b int) int { return max(min(a, b), 1) }

func unused() int { return 7 }

func endless(n int) int {
	n--
	for {
		return n
	}
}
