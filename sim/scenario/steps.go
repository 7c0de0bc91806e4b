package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// actor is who the journal says has asked.
const actor = "scenario"

// step does one step of the file.
func (r *run) step(s *Step) {
	if r.err != nil {
		return
	}
	switch do := s.Do.(type) {
	case Command:
		r.disturb(s, r.sentence(do))
		r.command(s, do)
	case AddLock:
		r.disturb(s, sim.Record{Device: do.Lock.ID, Text: do.Lock.Model})
		r.addLock(s, do)
	case Fault:
		r.disturb(s, sim.Record{}) // the fleet notes the fault itself
		id, err := r.w.Fleet().Inject(do.Fault)
		if err != nil {
			r.misfit = do.Fault.Kind
			r.cannot(s.Pos, "", "", "%s", err)
			return
		}
		r.placed[s.ID] = append(r.placed[s.ID], id)
	case Heal:
		r.disturb(s, sim.Record{})
		r.heal(s, do)
	case Type:
		r.troubled = r.w.Now()
		r.keypad(s, do)
	case Edit:
		r.disturb(s, sim.Record{Device: do.Edit.Lock, Code: do.Edit.Code, Text: r.hand(do.Edit)})
		e := do.Edit
		e.Code = r.id(e.Code)
		if err := r.w.Fleet().Edit(e); err != nil {
			r.cannot(s.Pos, e.Lock, do.Edit.Code, "%s", err)
		}
	case Stop:
		r.disturb(s, sim.Record{})
		r.w.StopEngine()
		r.w.Kernel().At(s.At.Add(do.For), sim.ClassEngine, func() {
			r.troubled = r.w.Now()
			r.err = errors.Join(r.err, r.w.StartEngine())
		})
	case Kill:
		r.disturb(s, sim.Record{Text: fmt.Sprintf("at effect %d from now", do.Nth)})
		r.w.KillAtEffect(do.Nth)
	case Note:
		r.w.Note(sim.Record{Kind: sim.KindStep, Name: "note", Text: do.Text})
	}
}

// disturb notes that a step changes something now. A record without a word is not written: the world tells of it.
func (r *run) disturb(s *Step, x sim.Record) {
	r.troubled = r.w.Now()
	if x.Device == "" && x.Text == "" && x.Code == "" {
		return
	}
	x.Kind, x.Name = sim.KindStep, s.Do.verb()
	r.w.Note(x)
}

// sentence tells a command in the words of a trace.
func (r *run) sentence(c Command) sim.Record {
	x := sim.Record{}
	span := func(w lock.Window) string {
		if w.IsZero() {
			return ""
		}
		return r.f.span(w)
	}
	switch do := c.Action.(type) {
	case engine.Create:
		x.Device, x.Code, x.Text = do.Device, do.ID, span(lock.Window{From: do.Starts, To: do.Ends})
		if do.JIT {
			x.Text += " just in time"
		}
	case engine.CreateMany:
		x.Text = fmt.Sprintf("on %d doors %s", len(do.Devices), span(lock.Window{From: do.Like.Starts, To: do.Like.Ends}))
	case engine.Update:
		x.Code = do.Code
		var parts []string
		if do.PIN != nil {
			parts = append(parts, "other digits")
		}
		if do.Starts != nil {
			parts = append(parts, "starts "+r.f.after(*do.Starts))
		}
		if do.Ends != nil {
			parts = append(parts, "ends "+r.f.after(*do.Ends))
		}
		if do.Name != nil {
			parts = append(parts, "another name")
		}
		if do.JIT != nil {
			parts = append(parts, "another delivery")
		}
		x.Text = strings.Join(parts, ", ")
	case engine.UpdateMany:
		x.Code, x.Text = c.Common, do.CommonKey
	case engine.Convert:
		x.Code, x.Text = do.Code, "ongoing"
		if !do.Ongoing {
			x.Text = span(lock.Window{From: do.Starts, To: do.Ends})
		}
	case engine.Delete:
		x.Code = do.Code
	case engine.Rotate:
		x.Code, x.Text = do.Code, do.Reason
	case engine.PullBackup:
		if x.Code = do.Code; c.As != "" {
			x.Text = "as " + string(c.As)
		}
	case engine.SetPool:
		x.Device, x.Text = do.Device, "off"
		if do.On {
			x.Text = "on"
		}
	case engine.Adopt:
		x.Device, x.Code, x.Text = do.Device, do.ID, foreignWords(c)
	case engine.DeleteUnmanaged:
		x.Device, x.Text = do.Device, foreignWords(c)
	case engine.SwapDevice:
		x.Device, x.Text = do.Old, "with "+string(do.New)
	case engine.Observe:
		x.Device = do.Device
	case engine.Undo:
		x.Text = c.Undoes
	case engine.RemoveDevice:
		x.Device = do.Device
	case engine.Reveal:
		x.Code = do.Code
	case engine.SetPolicy:
		x.Device, x.Text = do.Device, "changed"
	}
	if c.DryRun {
		x.Text += " (dry run)"
	}
	x.Text = strings.TrimSpace(x.Text)
	return x
}

func foreignWords(c Command) string {
	if c.Slot > 0 {
		return fmt.Sprintf("slot %d", c.Slot)
	}
	return "called " + c.Name
}

// hand tells an edit in the words of a trace.
func (r *run) hand(e sim.Edit) string {
	words := []string{string(e.Kind)}
	if e.Slot > 0 {
		words = append(words, fmt.Sprintf("slot %d", e.Slot))
	}
	if !e.Window.IsZero() {
		words = append(words, r.f.span(e.Window))
	}
	return strings.Join(words, " ")
}

// command submits a command and compares the answer with what the step says.
func (r *run) command(s *Step, c Command) {
	do, err := r.resolve(c)
	if err != nil {
		r.cannot(s.Pos, "", "", "%s: %s", c.verb(), err)
		return
	}
	receipt, err := r.w.Submit(engine.Command{Key: c.Key, Actor: actor, DryRun: c.DryRun, Do: do})
	refusal, refused := errors.AsType[*engine.Refusal](err)
	x := r.sentence(c)
	switch {
	case err != nil && !refused:
		r.cannot(s.Pos, x.Device, x.Code, "%s: %s", c.verb(), err)
	case refused && s.Refused == "" && r.early(do):
		r.w.Note(sim.Record{Kind: sim.KindStep, Name: "refused", Device: x.Device, Code: x.Code, Text: refusal.Code})
	case refused && s.Refused == "":
		r.cannot(s.Pos, x.Device, x.Code, "want %s to be accepted, but it is refused with %s: %s", c.verb(), refusal.Code, refusal)
	case s.Refused != "" && !refused:
		r.fail(s.Pos, x.Device, x.Code, "want %s to be refused with %s, but it is accepted", c.verb(), s.Refused)
	case refused && refusal.Code != s.Refused:
		r.fail(s.Pos, x.Device, x.Code, "want %s to be refused with %s, but it is refused with %s: %s", c.verb(), s.Refused, refusal.Code, refusal)
	case refused && s.Field != "" && refusal.Field != s.Field:
		r.fail(s.Pos, x.Device, x.Code, "want %s to be refused for %s, but the refusal names %q: %s", c.verb(), s.Field, refusal.Field, refusal)
	case refused:
		r.w.Note(sim.Record{Kind: sim.KindStep, Name: "refused", Device: x.Device, Code: x.Code, Text: refusal.Code})
	case !c.DryRun:
		r.learn(s, c, do, receipt)
	}
}

// resolve puts the engine's ids, references and receipts in place of the file's names.
func (r *run) resolve(c Command) (engine.Action, error) {
	switch do := c.Action.(type) {
	case engine.Update:
		do.Code = r.id(do.Code)
		return do, nil
	case engine.UpdateMany:
		if c.Common != "" {
			v, err := r.view(c.Common)
			if err != nil {
				return nil, err
			}
			if v.CommonKey == "" {
				return nil, fmt.Errorf("%s shares its digits with no other code", c.Common)
			}
			do.CommonKey = v.CommonKey
		}
		return do, nil
	case engine.Convert:
		do.Code = r.id(do.Code)
		return do, nil
	case engine.Delete:
		do.Code = r.id(do.Code)
		return do, nil
	case engine.Rotate:
		do.Code = r.id(do.Code)
		return do, nil
	case engine.PullBackup:
		do.Code = r.id(do.Code)
		return do, nil
	case engine.Reveal:
		do.Code = r.id(do.Code)
		return do, nil
	case engine.Adopt:
		ref, err := r.foreign(do.Device, c)
		do.Ref = ref
		return do, err
	case engine.DeleteUnmanaged:
		ref, err := r.foreign(do.Device, c)
		do.Ref = ref
		return do, err
	case engine.Undo:
		seq, ok := r.taken[c.Undoes]
		if !ok {
			return nil, fmt.Errorf("the command of step %q was not accepted", c.Undoes)
		}
		do.Receipt = seq
		return do, nil
	}
	return c.Action, nil
}

// foreign finds a code that somebody else put on a lock, as the engine shows it.
func (r *run) foreign(device lock.DeviceID, c Command) (lock.Ref, error) {
	v, err := r.device(device)
	if err != nil {
		return "", err
	}
	for _, s := range v.Slots {
		if s.State == "unmanaged" && (c.Slot > 0 && s.Slot == c.Slot || c.Name != "" && s.Name == c.Name) {
			return s.Ref, nil
		}
	}
	return "", fmt.Errorf("the engine knows no unmanaged code %s on %s", foreignWords(c), device)
}

// learn keeps what an accepted command says: digits that were told, a spare's id, the receipt.
func (r *run) learn(s *Step, c Command, done engine.Action, receipt engine.Receipt) {
	if s.ID != "" {
		r.taken[s.ID] = receipt.Seq
	}
	tell := func(code lock.CodeID, pin lock.PIN) {
		if !pin.IsZero() {
			r.told[code] = pin
		}
	}
	switch do := c.Action.(type) {
	case engine.Create:
		tell(do.ID, do.PIN)
	case engine.CreateMany:
		for _, id := range do.IDs {
			tell(id, do.Like.PIN)
		}
	case engine.Update:
		if do.PIN != nil {
			tell(do.Code, *do.PIN)
		}
	case engine.Rotate:
		tell(do.Code, do.PIN)
	case engine.Reveal:
		for _, pin := range receipt.PINs {
			tell(do.Code, pin)
		}
	case engine.PullBackup:
		if c.As != "" {
			r.real[c.As] = receipt.Backup
			if _, ok := r.names[receipt.Backup]; !ok { // a spare that is pulled again has its name
				r.names[receipt.Backup] = c.As
			}
		}
	}
}

func (r *run) addLock(s *Step, do AddLock) {
	fleet := r.w.Fleet()
	if err := fleet.Add(do.Lock); err != nil {
		r.cannot(s.Pos, do.Lock.ID, "", "%s", err)
		return
	}
	for _, d := range fleet.Devices() {
		if d.ID == do.Lock.ID {
			r.command(s, Command{Action: engine.AddDevice{Device: d}})
		}
	}
}

func (r *run) heal(s *Step, do Heal) {
	targets := []string{do.Target}
	if do.Step != "" {
		targets = r.placed[do.Step]
	}
	for _, t := range targets {
		if err := r.w.Fleet().Heal(t); err != nil {
			r.fail(s.Pos, "", "", "heal: %s", err)
		}
	}
}

// keypad types and compares what the door does. The fleet notes the try.
func (r *run) keypad(s *Step, do Type) {
	pin := do.PIN
	if do.Code != "" {
		if pin = cmp.Or(r.toldNow(do.Lock, do.Code), r.told[do.Code]); pin.IsZero() && r.o.Through != nil && r.o.Through.chooses() {
			r.typed(s.Pos, do, pin, false) // there is nothing to type yet
			return
		}
		if pin.IsZero() {
			r.cannot(s.Pos, do.Lock, do.Code, "nobody was told the PIN of %s: the command that tells it was not accepted", do.Code)
			return
		}
	}
	try, err := r.w.Fleet().TryPIN(do.Lock, pin)
	what := "the door"
	if do.Code != "" {
		what = string(do.Code)
	}
	switch {
	case err != nil:
		r.cannot(s.Pos, do.Lock, do.Code, "type: %s", err)
	case r.o.Through != nil:
		r.typed(s.Pos, do, pin, try.Opens)
	case do.Opens != nil && *do.Opens && !try.Opens:
		r.fail(s.Pos, do.Lock, do.Code, "want %s to open %s, but the keypad refuses: %s", what, do.Lock, try.Reason)
	case do.Opens != nil && !*do.Opens && try.Opens:
		r.fail(s.Pos, do.Lock, do.Code, "want %s to be refused at %s, but it opens%s", what, do.Lock, r.by(try, do.Code))
	case do.Reason != "" && try.Reason != do.Reason:
		r.fail(s.Pos, do.Lock, do.Code, "want the keypad of %s to refuse for %s, but its reason is %s", do.Lock, do.Reason, try.Reason)
	case do.Opens != nil && *do.Opens && do.Code != "" && try.Code != "" && try.Code != r.id(do.Code) && r.mistaken(do.Code, try.Code, do.Lock):
		r.fail(s.Pos, do.Lock, do.Code, "want %s to open %s, but what opens it is the entry of %s", what, do.Lock, r.named(try.Code))
	}
}

// mistaken reports whether a code's own entry should have opened a door instead of that of another code. At another lock its
// digits can open only by another's; stays of one holder may share one.
func (r *run) mistaken(code, by lock.CodeID, door lock.DeviceID) bool {
	v, err := r.view(code)
	if err != nil || v.Device != door {
		return false
	}
	o, err := r.view(r.named(by))
	return err != nil || o.Holder == "" || o.Holder != v.Holder
}

// by names the entry that opened, where it is another than the one that was meant.
func (r *run) by(try sim.Try, code lock.CodeID) string {
	if try.Code == "" || try.Code == r.id(code) {
		return ""
	}
	return " by the entry of " + string(r.named(try.Code))
}
