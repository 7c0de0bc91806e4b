package conform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// maxAge is how far the date of a look may lie from the clock of the rig: a call takes its time.
const maxAge = 5 * time.Minute

func writeCases() []Case {
	return []Case{
		{"set", "what is set is held by the lock, is listed, and opens the door", false, set},
		{"set twice", "setting what is set succeeds and changes nothing, even for a driver that has forgotten the Ref", false, setTwice},
		{"change", "a held code is changed in place where the traits say so, and refused as unsupported elsewhere", false, told(change)},
		{"clear", "what is cleared is gone from the lock and from its list, and nothing else is", false, told(clearOne)},
		{"clear twice", "clearing what is absent succeeds", false, told(clearTwice)},
	}
}

func set(ctx context.Context, r *Rig) error {
	c := r.want(0)
	h, err := r.put(ctx, c, "")
	if err != nil {
		return err
	}
	t := r.traits
	if h.Pending && t.CannotList {
		o, err := r.look(ctx, h.Ref)
		if err != nil {
			return err
		}
		if len(o.Held) != 1 || o.Held[0].Ref != h.Ref && o.Held[0].Tag != c.Tag { // it may have got a better Ref
			return errors.New("a look that knows its Ref does not tell what became of it")
		}
		h = o.Held[0]
	}
	switch {
	case !t.CannotList && !t.HidesPIN && !t.AssignsPIN && h.PIN != c.PIN:
		return errors.New("it is listed with other digits")
	case t.AssignsPIN && h.PIN.IsZero():
		return errors.New("the provider chooses the digits, and does not tell them")
	case !t.CannotList && t.NameMax > 0 && h.Tag != c.Tag:
		return fmt.Errorf("it is listed with Tag %q, not %q", h.Tag, c.Tag)
	case !h.Enabled && !t.CannotList:
		return errors.New("it is listed as disabled")
	case h.Pending:
		return errors.New("it is still pending when the lock has it")
	case !h.Window.Equal(c.Window):
		return errors.New("it has another window than was asked for, or has one, and none was")
	case t.ClientSlots && h.Slot != c.Slot:
		return fmt.Errorf("it was to be in slot %d and is in %d", c.Slot, h.Slot)
	}
	pin := c.PIN
	if t.AssignsPIN {
		pin = h.PIN
	}
	if err := r.holds(pin); err != nil {
		return err
	}
	if opens, err := r.Far.Type(r.Device, pin); err != nil || !opens {
		return errors.Join(err, errors.New("the door does not open"))
	}
	return nil
}

func setTwice(ctx context.Context, r *Rig) error {
	h, err := r.put(ctx, r.want(0), "")
	if err != nil {
		return err
	}
	for _, at := range []lock.Ref{"", h.Ref} {
		again, err := r.put(ctx, r.want(0), at)
		if err != nil {
			return fmt.Errorf("again at %q: %w", at, err)
		}
		// Where nothing can be read back and no slot was chosen, a driver that has forgotten the Ref can give another only.
		if again.Ref != h.Ref && (at != "" || !r.traits.CannotList || r.traits.ClientSlots) {
			return fmt.Errorf("again at %q: Ref is %q, before it was %q", at, again.Ref, h.Ref)
		}
		have, err := r.Far.Holds(r.Device)
		if err != nil {
			return err
		}
		if len(have) != 1 {
			return fmt.Errorf("again at %q: the lock now holds %d codes", at, len(have))
		}
	}
	return nil
}

func change(ctx context.Context, r *Rig) error {
	c := r.want(0)
	h, err := r.put(ctx, c, "")
	if err != nil {
		return err
	}
	before := c.PIN
	c.Name = "Other Guest"
	if !r.traits.AssignsPIN {
		c.PIN = r.pins[1]
	} else {
		before = h.PIN
	}
	if !r.traits.UpdatesInPlace {
		_, err = r.Driver.Set(ctx, r.Device, c, h.Ref)
		if _, err := failsAs("set at a held Ref", err, driver.Unsupported, driver.Taken); err != nil {
			return err
		}
		r.Far.Settle()
		return r.holds(before)
	}
	now, err := r.put(ctx, c, h.Ref)
	switch {
	case err != nil:
		return err
	case now.Ref != h.Ref:
		return fmt.Errorf("the change moved it from Ref %q to %q", h.Ref, now.Ref)
	case r.traits.AssignsPIN:
		return r.holds(now.PIN)
	}
	return r.holds(c.PIN)
}

func clearOne(ctx context.Context, r *Rig) error {
	h, err := r.put(ctx, r.want(0), "")
	if err != nil {
		return err
	}
	other, err := r.put(ctx, r.want(1), "")
	if err != nil {
		return err
	}
	if err := r.clear(ctx, h.Ref); err != nil {
		return err
	}
	r.Far.Settle()
	left := r.pins[1]
	if r.traits.AssignsPIN {
		left = other.PIN
	}
	if err := r.holds(left); err != nil {
		return err
	}
	if r.traits.CannotList {
		return nil
	}
	o, err := r.look(ctx, other.Ref)
	if err == nil && (len(o.Held) != 1 || o.Held[0].Ref != other.Ref) {
		err = fmt.Errorf("%d codes are listed, not the one that is left", len(o.Held))
	}
	return err
}

func clearTwice(ctx context.Context, r *Rig) error {
	h, err := r.put(ctx, r.want(0), "")
	if err != nil {
		return err
	}
	for range 2 {
		if err := r.clear(ctx, h.Ref); err != nil {
			return err
		}
		r.Far.Settle()
	}
	return r.holds()
}

// clear erases a credential. Where nothing can be listed, a cloud that has only taken it may leave it open until it is asked again.
func (r *Rig) clear(ctx context.Context, ref lock.Ref) error {
	err := r.Driver.Clear(ctx, r.Device, ref)
	if e, ok := errors.AsType[*driver.Error](err); ok && r.traits.CannotList && e.Kind == driver.Ambiguous && e.RetryAfter > 0 {
		r.Far.Settle()
		err = r.Driver.Clear(ctx, r.Device, ref)
	}
	if err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}
