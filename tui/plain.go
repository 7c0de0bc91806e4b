package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// linear is the interface for screen readers and braille lines: commands are typed, answers are appended as sentences, and
// nothing that was said ever changes.
type linear struct {
	ctx    context.Context
	o      Options
	out    io.Writer
	last   engine.Seq // of the journal, told so far
	follow bool
	zones  map[string]*time.Location
	latest undoable
	ask    *question
	err    error // of writing
}

// plainRenderer draws without colours.
func plainRenderer() *lipgloss.Renderer {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return r
}

// question is asked before what can't simply be taken back.
type question struct {
	phrase string
	do     engine.Action
	done   string
}

// RunPlain talks in lines until its user quits, the input or ctx ends.
func RunPlain(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Zone == nil {
		o.Zone = time.Local
	}
	p := &linear{ctx: ctx, o: o, out: o.Out, follow: true, zones: map[string]*time.Location{}}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(o.In); in.Scan(); {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	bell := o.Host.Bell(ctx)
	p.greet()
	for p.err == nil {
		select {
		case <-ctx.Done():
			return nil
		case _, rings := <-bell:
			if !rings {
				return nil
			}
			p.tell()
		case text, more := <-lines:
			if !more || p.obey(strings.TrimSpace(text)) {
				return p.err
			}
		}
	}
	return p.err
}

// say appends a line.
func (p *linear) say(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.out, clean(fmt.Sprintf(format, args...)))
	}
}

func (p *linear) greet() {
	kind := "LIVE locks"
	if p.o.Lab != nil {
		kind = "SIMULATED locks"
	}
	now := p.o.Host.Now()
	p.say("lockctl, %s. It is %s. help lists the commands.", kind, p.clock(now))
	if p.o.Hint != "" {
		p.say("%s", p.o.Hint)
	}
	if s, ok := p.look(engine.Query{View: engine.ViewFleet, Limit: 1}); ok {
		p.last = s.Seq
		t := s.Fleet
		p.say("%s: %d will fail, %d at risk, %d likely, %d verified. %d offline, %d exposed.", pluralOf(t.Devices, "lock"), t.WillFail, t.AtRisk, t.Likely, t.Verified, t.Offline, t.Exposed)
	}
	p.today("")
}

func (p *linear) clock(t time.Time) string { return t.In(p.o.Zone).Format("Mon 2 Jan 15:04 MST") }

// look asks the host, and says what is wrong.
func (p *linear) look(q engine.Query) (engine.Snapshot, bool) {
	s, err := p.o.Host.Snapshot(p.ctx, q)
	if err != nil {
		p.say("error: %s", sentence(err))
	}
	return s, err == nil
}

// tell appends what the journal has new.
func (p *linear) tell() {
	const most = 20
	if !p.follow {
		return
	}
	events, err := p.o.Host.Journal(p.ctx, p.last, 200)
	if err != nil {
		return // the next command says so
	}
	for i, e := range events {
		p.last = e.Seq
		switch {
		case i < most:
			p.event(e)
		case i == most:
			p.say("event: and %d more; journal lists them", len(events)-most)
		}
	}
}

func (p *linear) event(e engine.Event) {
	text := strings.NewReplacer("_", " ", ".", " ").Replace(e.Type)
	for _, part := range []string{string(e.Device), string(e.Code), told(e)} {
		if part != "" {
			text += ", " + part
		}
	}
	p.say("event %d, %s: %s", e.Seq, e.At.In(p.o.Zone).Format("15:04:05"), text)
}

// verbs are the commands, each with what it takes and what it does.
func (p *linear) verbs() []plainVerb {
	all := []plainVerb{
		{"today", "[WORDS]", "who arrives and who leaves, the most urgent first", p.today},
		{"fleet", "[FILTER]", "the locks", p.fleet},
		{"codes", "[FILTER]", "the codes", p.codes},
		{"lock", "LOCK", "one lock with its codes", p.device},
		{"code", "CODE", "one code: its life and what comes next", p.code},
		{"why", "CODE", "why a code is where it is", p.why},
		{"new", "LOCK NAME [from TIME] [to TIME]", "make a code", p.create},
		{"move", "CODE [from TIME] [to TIME]", "change when a code opens", p.move},
		{"backup", "CODE", "give a spare in place of a code", p.backup},
		{"revoke", "CODE", "erase a code from its lock", p.revoke},
		{"reveal", "CODE", "say the digits of a code, which is recorded", p.reveal},
		{"retry", "LOCK", "look at a lock now", p.retry},
		{"undo", "", "take the last command back", p.undo},
		{"journal", "[COUNT]", "the last events", p.journal},
		{"follow", "on|off", "say events as they happen, or not", p.following},
	}
	if p.o.Lab != nil {
		all = append(all,
			plainVerb{"pause", "", "stop the simulation's clock", func(string) { p.steered(p.o.Lab.Pause(p.ctx, true), "paused") }},
			plainVerb{"resume", "", "let it go on", func(string) { p.steered(p.o.Lab.Pause(p.ctx, false), "time goes on") }},
			plainVerb{"rate", "NUMBER", "virtual seconds per second", p.rate},
			plainVerb{"skip", "TIME", "run ahead to a time", p.skip},
			plainVerb{"step", "", "run to the next event", func(string) { p.steered(p.o.Lab.Step(p.ctx), "stepped") }},
			plainVerb{"type", "LOCK DIGITS", "type digits at a keypad", p.keypad},
			plainVerb{"fault", "TARGET KIND [LENGTH]", "break a lock, hub or account", p.fault},
			plainVerb{"heal", "TARGET", "end the faults of a lock, hub or account", func(rest string) { p.steered(p.o.Lab.Heal(p.ctx, rest), "healed "+rest) }},
		)
	}
	return append(all, plainVerb{"help", "", "this list", p.help}, plainVerb{"quit", "", "leave; everything is kept", nil})
}

// plainVerb is a command of the linear interface.
type plainVerb struct {
	name, takes, about string
	do                 func(rest string) // nil: it ends
}

// obey carries out a line, and reports whether it was the last.
func (p *linear) obey(text string) bool {
	if q := p.ask; q != nil {
		p.ask = nil
		if text != q.phrase {
			p.say("cancelled, nothing was changed")
			return false
		}
		p.submit(q.do, q.done)
		return false
	}
	name, rest, _ := strings.Cut(text, " ")
	if name == "" {
		return false
	}
	var near []plainVerb
	for _, v := range p.verbs() {
		if v.name == name {
			near = []plainVerb{v}
			break
		}
		if strings.HasPrefix(v.name, name) {
			near = append(near, v)
		}
	}
	switch {
	case len(near) != 1:
		p.say("error: there is no command %q; help lists them", name)
	case near[0].do == nil:
		return true
	case strings.HasPrefix(near[0].takes, "[") || near[0].takes == "" || strings.TrimSpace(rest) != "":
		near[0].do(strings.TrimSpace(rest))
	default:
		p.say("error: %s needs %s", near[0].name, near[0].takes)
	}
	return false
}

func (p *linear) help(string) {
	for _, v := range p.verbs() {
		p.say("%s: %s", strings.TrimSpace(v.name+" "+v.takes), v.about)
	}
}

// submit gives a command to the engine and says what came of it.
func (p *linear) submit(do engine.Action, done string) (engine.Receipt, bool) {
	r, err := p.o.Host.Submit(p.ctx, engine.Command{Actor: p.o.Actor, Do: do})
	if err != nil {
		p.say("refused: %s", sentence(err))
		return r, false
	}
	if r.Undoable {
		p.latest = undoable{r.Seq, done}
	}
	p.say("done: %s", strings.Join(append([]string{done}, r.Notes...), "; "))
	return r, true
}

func (p *linear) steered(err error, done string) {
	if err != nil {
		p.say("refused: %s", sentence(err))
		return
	}
	p.say("done: %s. It is %s.", done, p.clock(p.o.Host.Now()))
}

// zone is that of a code's lock.
func (p *linear) zone(name string) *time.Location {
	if z, ok := p.zones[name]; ok {
		return z
	}
	z, err := lock.LoadZone(name)
	if err != nil {
		z = p.o.Zone
	}
	p.zones[name] = z
	return z
}

func (p *linear) fault(rest string) {
	words := strings.Fields(rest)
	if len(words) < 2 {
		p.say("error: fault needs TARGET KIND [LENGTH]")
		return
	}
	f := lab.Fault{On: words[0], Kind: words[1]}
	if len(words) > 2 {
		d, err := when.Duration(words[2])
		if err != nil {
			p.say("error: %q is not a length of time such as 30m", words[2])
			return
		}
		f.For = d
	}
	_, err := p.o.Lab.Inject(p.ctx, f)
	p.steered(err, f.Kind+" on "+f.On)
}
