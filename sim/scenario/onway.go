package scenario

import (
	"slices"
	"time"
)

// onTheWay reports whether a try finds the door shut for a code that is still on its way: the same digits shall open it within the time that
// its vendor may take. When the code arrives, or is away while it is written anew, is the vendor's affair.
func (x *Through) onTheWay(steps []Step, at time.Time, shut Type) bool {
	if shut.Opens == nil || *shut.Opens {
		return false
	}
	return slices.ContainsFunc(steps, func(s Step) bool {
		open, ok := s.Do.(Type)
		return ok && open.Opens != nil && *open.Opens && open.Lock == shut.Lock && open.Code == shut.Code && open.PIN == shut.PIN &&
			s.At.After(at) && !s.At.After(at.Add(x.late()))
	})
}
