package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

func lookCases() []Case {
	return []Case{
		{"list", "the list of devices is complete, names each once, and tells traits that make sense", true, listed},
		{"look", "a look at a lock in reach is dated, and says whether its list is complete", true, looked},
		{"stranger", "a device that the account does not have is not found, by any verb", false, stranger},
		{"hand", "what somebody adds or removes by hand shows in the next look", false, told(hand)},
		{"entry", "who opens the door stands in the log once, with the code that opened", false, told(entry)},
		{"push", "what happens at a lock leads to a notice about it, and a webhook that was not signed, or means nothing, leads to none", false, told(push)},
	}
}

func listed(ctx context.Context, r *Rig) error {
	all, err := r.Driver.Devices(ctx)
	if err != nil {
		return err
	}
	seen := map[lock.DeviceID]bool{}
	for _, d := range all {
		t := d.Traits
		switch {
		case d.ID == "":
			return errors.New("a device has no ID")
		case seen[d.ID]:
			return fmt.Errorf("%s stands in the list twice", d.ID)
		case d.Account == "" || d.Name == "":
			return fmt.Errorf("%s lacks its account or its name", d.ID)
		case t.Slots < 0 || t.NameMax < 0 || t.Granularity < 0:
			return fmt.Errorf("%s: a trait is negative", d.ID)
		case !slices.IsSorted(t.PINLengths):
			return fmt.Errorf("%s: the lengths of PINs do not ascend", d.ID)
		case t.HidesPIN && t.NameMax == 0 && !t.ClientSlots:
			return fmt.Errorf("%s: nothing tells its codes apart: no digits, no names, no slots", d.ID)
		case t.NativeSchedule && t.Zone != "":
			if _, err := lock.LoadZone(t.Zone); err != nil {
				return fmt.Errorf("%s: %w", d.ID, err)
			}
		}
		seen[d.ID] = true
	}
	return nil
}

func looked(ctx context.Context, r *Rig) error {
	o, err := r.look(ctx)
	switch {
	case err != nil:
		return err
	case o.At.IsZero():
		return errors.New("the look is not dated")
	case r.Now().Sub(o.At).Abs() > maxAge:
		return fmt.Errorf("the look is dated %v away from the clock that the driver was given", r.Now().Sub(o.At))
	case o.Complete == r.traits.CannotList:
		return fmt.Errorf("complete is %v, where the traits say that nothing can be read back: %v", o.Complete, r.traits.CannotList)
	case r.traits.CannotList && len(o.Held) > 0:
		return errors.New("a lock that can't list tells what it holds")
	case r.traits.CloudList && o.Source == lock.SourceLock:
		return errors.New("a list that is the cloud's counts as read from the lock")
	}
	return nil
}

func stranger(ctx context.Context, r *Rig) error {
	id := r.Device + "0"
	_, err := r.Driver.Observe(ctx, id, driver.Known{})
	if _, err := failsAs("observe", err, driver.NotFound); err != nil {
		return err
	}
	_, err = r.Driver.Set(ctx, id, r.want(0), "")
	if _, err := failsAs("set", err, driver.NotFound); err != nil {
		return err
	}
	_, err = failsAs("clear", r.Driver.Clear(ctx, id, "1"), driver.NotFound)
	return err
}

func hand(ctx context.Context, r *Rig) error {
	if err := r.Far.Add(r.Device, r.pins[0], "By hand"); err != nil {
		return err
	}
	r.Far.Settle()
	o, err := r.look(ctx)
	switch {
	case err != nil:
		return err
	case r.traits.CannotList:
		return nil // as the look says itself
	case len(o.Held) != 1:
		return fmt.Errorf("after one code was added by hand, %d are listed", len(o.Held))
	case !r.traits.HidesPIN && o.Held[0].PIN != r.pins[0]:
		return errors.New("the code that was added by hand is listed with other digits")
	case o.Held[0].Ref == "":
		return errors.New("the code that was added by hand has no Ref")
	}
	if err := r.Far.Remove(r.Device, r.pins[0]); err != nil {
		return err
	}
	r.Far.Settle()
	if o, err = r.look(ctx); err == nil && len(o.Held) != 0 {
		err = errors.New("a code that was removed by hand is still listed")
	}
	return err
}

func entry(ctx context.Context, r *Rig) error {
	before, err := r.look(ctx)
	if err != nil {
		return err
	}
	h, err := r.put(ctx, r.want(0), "")
	if err != nil {
		return err
	}
	if !r.traits.AssignsPIN {
		h.PIN = r.pins[0]
	}
	if opens, err := r.Far.Type(r.Device, h.PIN); err != nil || !opens {
		return errors.Join(err, errors.New("the code does not open the door"))
	}
	r.Far.Settle()
	after, err := r.Driver.Observe(ctx, r.Device, driver.Known{Refs: []lock.Ref{h.Ref}, Since: before.Next})
	if err != nil {
		return err
	}
	var opened []lock.Entry
	for _, e := range after.Entries {
		if e.Kind == lock.Opened {
			opened = append(opened, e)
		}
	}
	if !r.traits.ReportsEntry {
		if slices.ContainsFunc(opened, func(e lock.Entry) bool { return e.Ref != "" }) {
			return errors.New("a lock whose traits say that it does not tell who opened does")
		}
		return nil
	}
	switch {
	case len(opened) != 1:
		return fmt.Errorf("the door was opened once, and the log tells of %d times", len(opened))
	case opened[0].ID == "" || opened[0].At.IsZero():
		return errors.New("the entry has no ID or no time")
	case opened[0].Ref != h.Ref:
		return fmt.Errorf("the entry is of Ref %q, the code that opened has Ref %q", opened[0].Ref, h.Ref)
	}
	again, err := r.Driver.Observe(ctx, r.Device, driver.Known{Since: after.Next})
	if err == nil && len(again.Entries) > 0 {
		err = errors.New("an entry is told again after its cursor")
	}
	return err
}

func push(ctx context.Context, r *Rig) error {
	receiver, ok := r.Driver.(driver.Receiver)
	subscriber, asks := r.Driver.(driver.Subscriber)
	if asks {
		if err := subscriber.Subscribe(ctx, "https://locks.example.org/hooks/a"); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		if err := subscriber.Subscribe(ctx, "https://locks.example.org/hooks/a"); err != nil {
			return fmt.Errorf("subscribe again: %w", err)
		}
	}
	r.Far.Posts()
	if err := r.Far.Add(r.Device, r.pins[0], "By hand"); err != nil {
		return err
	}
	r.Far.Settle()
	if opens, err := r.Far.Type(r.Device, r.pins[0]); err != nil || !opens {
		return errors.Join(err, errors.New("a code that was added by hand does not open the door"))
	}
	r.Far.Settle()
	posts := r.Far.Posts()
	if !ok {
		if len(posts) > 0 {
			return errors.New("the vendor posts, and the driver does not listen")
		}
		return nil
	}
	if len(posts) == 0 {
		return errors.New("a code was added by hand and opened the door, and the vendor posted nothing")
	}
	told := 0
	for _, in := range posts {
		reply, notices, err := receiver.Receive(ctx, in)
		if err != nil || reply.Status >= 300 {
			return fmt.Errorf("receive: status %d: %w", reply.Status, err)
		}
		for _, n := range notices {
			if n.Device == r.Device || n.Device == "" {
				told++
			}
		}
		forged := in
		forged.Body = append(slices.Clone(in.Body), ' ')
		if r.Unsigned {
			forged.Body = []byte("<html>")
		}
		if _, notices, err := receiver.Receive(ctx, forged); err == nil || len(notices) > 0 {
			return errors.New("receive: a body that the vendor did not send is believed")
		}
	}
	if told == 0 {
		return errors.New("receive: what was posted leads to no notice about the lock")
	}
	if asks {
		if err := subscriber.Unsubscribe(ctx); err != nil {
			return fmt.Errorf("unsubscribe: %w", err)
		}
	}
	return nil
}
