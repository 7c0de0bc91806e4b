package conform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

func ruleCases() []Case {
	return []Case{
		{"wrong length", "digits of a length that the lock does not take are rejected, and nothing changes", false, told(wrongLength)},
		{"taken", "digits that somebody else's code has already are refused as taken, at once or by never being done, and nothing changes", false, told(taken)},
		{"full", "a full lock takes no more, and says so at once or by never listing it as done", false, told(full)},
		{"window", "a native window is kept to the lock's grain and never reaches past its end; elsewhere it is refused as unsupported", false, told(window)},
		{"no end", "a native window without an end is kept, or refused as unsupported where the traits say so", false, told(noEnd)},
		{"disabled", "a code is held disabled and then enabled where the traits say so, and refused as unsupported elsewhere", false, disabled},
	}
}

func wrongLength(ctx context.Context, r *Rig) error {
	c := r.want(0)
	lengths := r.traits.Lengths()
	long, err := lock.ParsePIN(strings.Repeat("47", lock.MaxPIN)[:min(lengths[len(lengths)-1]+1, lock.MaxPIN)])
	if err != nil {
		return err
	}
	c.PIN = long
	_, err = r.Driver.Set(ctx, r.Device, c, "")
	e, err := failsAs("set", err, driver.Rejected)
	if err != nil {
		return err
	}
	if e.Blame != driver.BlameRequest {
		return fmt.Errorf("set: %v is blamed, and it is the request that is wrong", e.Blame)
	}
	if strings.Contains(e.Error(), long.Reveal()) {
		return errors.New("set: the error tells the digits")
	}
	r.Far.Settle()
	return r.holds()
}

func taken(ctx context.Context, r *Rig) error {
	if err := r.Far.Add(r.Device, r.pins[0], "By hand"); err != nil {
		return err
	}
	r.Far.Settle()
	c := r.want(0)
	if r.traits.AssignsPIN {
		return nil // nobody chooses digits
	}
	if c.Slot > 0 {
		c.Slot = 3 // by hand the first was taken
	}
	held, err := r.Driver.Set(ctx, r.Device, c, "")
	if err != nil {
		_, err = failsAs("set", err, driver.Taken)
	} else if !held.Pending && !r.traits.CannotList {
		err = errors.New("set: the same digits were taken twice")
	}
	if err != nil {
		return err
	}
	r.Far.Settle()
	return r.holds(r.pins[0])
}

// fillAtMost is how many codes a case writes by hand to fill a lock.
const fillAtMost = 250

func full(ctx context.Context, r *Rig) error {
	n := 0
	for ; n < fillAtMost; n++ {
		pin, ok := r.byHand().Draw(r.traits.Length(6), nil, bits(n+pinsOfACase))
		if !ok {
			return errors.New("no PIN can be drawn")
		}
		if r.Far.Add(r.Device, pin, fmt.Sprintf("Resident %d", n)) != nil {
			break // no room is left
		}
	}
	r.Far.Settle()
	before, err := r.Far.Holds(r.Device)
	if err != nil {
		return err
	}
	c := r.want(0)
	if n == fillAtMost {
		return fmt.Errorf("the lock takes %d codes and more: the rig needs a smaller one", n)
	}
	c.Slot = 0
	held, err := r.Driver.Set(ctx, r.Device, c, "")
	if err != nil {
		_, err = failsAs("set", err, driver.Full)
	} else if !held.Pending {
		err = errors.New("set: a full lock took a code")
	}
	if err != nil {
		return err
	}
	r.Far.Settle()
	after, err := r.Far.Holds(r.Device)
	if err == nil && len(after) != len(before) {
		err = fmt.Errorf("the lock held %d codes and now holds %d", len(before), len(after))
	}
	return err
}

// stay is a window that begins and ends between two grains of every lock.
func (r *Rig) stay() lock.Window {
	from := r.Now().UTC().Truncate(time.Minute).Add(2*time.Hour + 17*time.Second)
	return lock.Window{From: from, To: from.Add(3*time.Hour + 40*time.Second)}
}

func window(ctx context.Context, r *Rig) error {
	c := r.want(0)
	c.Window = r.stay()
	if !r.traits.NativeSchedule {
		_, err := r.Driver.Set(ctx, r.Device, c, "")
		if _, err := failsAs("set", err, driver.Unsupported); err != nil {
			return err
		}
		r.Far.Settle()
		return r.holds()
	}
	h, err := r.put(ctx, c, "")
	if err != nil {
		return err
	}
	have, err := r.Far.Holds(r.Device)
	if err != nil {
		return err
	}
	if len(have) != 1 {
		return fmt.Errorf("the lock holds %d codes", len(have))
	}
	grain := max(r.traits.Granularity, time.Second)
	for _, w := range []struct {
		of  string
		now lock.Window
	}{{"the lock's", have[0].Window}, {"the listed", h.Window}} {
		switch {
		case w.of == "the listed" && (r.traits.HidesWindow || r.traits.CannotList):
		case w.now.To.IsZero() || w.now.To.After(c.Window.To):
			return fmt.Errorf("%s window reaches past the end by %v", w.of, w.now.To.Sub(c.Window.To))
		case c.Window.To.Sub(w.now.To) >= grain:
			return fmt.Errorf("%s window ends %v too early, and the grain is %v", w.of, c.Window.To.Sub(w.now.To), grain)
		case w.now.From.Sub(c.Window.From).Abs() >= grain:
			return fmt.Errorf("%s window begins %v beside the start, and the grain is %v", w.of, w.now.From.Sub(c.Window.From), grain)
		}
	}
	return nil
}

func noEnd(ctx context.Context, r *Rig) error {
	c := r.want(0)
	c.Window = lock.Window{From: r.stay().From}
	if !r.traits.NativeSchedule || !r.traits.OpenEnded {
		_, err := r.Driver.Set(ctx, r.Device, c, "")
		if _, err := failsAs("set", err, driver.Unsupported); err != nil {
			return err
		}
		r.Far.Settle()
		return r.holds()
	}
	if _, err := r.put(ctx, c, ""); err != nil {
		return err
	}
	have, err := r.Far.Holds(r.Device)
	if err != nil {
		return err
	}
	if len(have) != 1 || have[0].Window.Bounded() || have[0].Window.From.IsZero() {
		return errors.New("the lock does not hold one code with a start and without an end")
	}
	return nil
}

func disabled(ctx context.Context, r *Rig) error {
	c := r.want(0)
	c.Enabled = false
	if !r.traits.Stages {
		_, err := r.Driver.Set(ctx, r.Device, c, "")
		if _, err := failsAs("set", err, driver.Unsupported); err != nil {
			return err
		}
		r.Far.Settle()
		return r.holds()
	}
	h, err := r.put(ctx, c, "")
	if err != nil {
		return err
	}
	if opens, err := r.Far.Type(r.Device, c.PIN); err != nil || opens {
		return errors.Join(err, errors.New("a code that was set disabled opens the door"))
	}
	c.Enabled = true
	if _, err := r.put(ctx, c, h.Ref); err != nil {
		return err
	}
	if opens, err := r.Far.Type(r.Device, c.PIN); err != nil || !opens {
		return errors.Join(err, errors.New("a code that was enabled does not open the door"))
	}
	return nil
}
