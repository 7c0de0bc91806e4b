package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// sections lists every table of the format for its documentation, in reading order.
func sections() []section {
	return []section{
		headShape().section("What the story is."),
		accountShape().section("A login at a provider. An account that a lock names and the file does not describe is made."),
		hubShape().section("A bridge between a cloud and its locks."),
		lockShape().section("A lock, or with `count` a fleet of equal ones. There is at least one."),
		policyShape("[policy]").section("Numbers that the engine decides by, from the start. `[[policy]]` several times, each with its `on`, is for single locks or accounts."),
		stepShape().section("A step: an instant and one thing that happens. Steps of one instant happen in the order of the file, after the locks and the engine have had their turn."),
		createShape().section(""),
		createManyShape().section("Without a `pin` the doors share one that is drawn."),
		updateShape().section("What is left out stays."),
		updateManyShape().section("The digits stay."),
		convertShape().section(""),
		deleteShape().section("It is erased from the lock at once."),
		rotateShape().section(""),
		pullShape().section("Repeating it answers with the same spare."),
		poolShape().section(""),
		adoptShape().section(""),
		foreignShape().section(""),
		swapShape().section(""),
		faultShape().section("A trouble. Its kind may have parameters of its own, listed below: numbers, or durations where they count seconds."),
		typeShape().section("Somebody types what they were told: a literal `pin` of `create`, `update` or `rotate`, or what `reveal` has told since. Typing a code that nobody was told is a mistake of the file."),
		editShape().section("Somebody changes the lock at its keypad or in the vendor's app."),
		engineShape().section(""),
		expectShape().section("What must be true at an instant, after everything else of that instant. It is about a code, a lock or an event; the keys that it gives must all fit."),
		checkShape().section("What must hold over the whole run."),
		limitsShape().section("Calls are counted when they are sent."),
	}
}

// Documentation writes the page about the format, in Markdown, from the tables that read it.
func Documentation() []byte {
	var b strings.Builder
	b.WriteString(`# Scenarios

<!-- Written by "locksim docs docs" from the tables that read the format. Change those instead. -->

A scenario is one story in TOML: locks, steps, and what must be true. ` + "`scenarios/README.md`" + ` teaches it by the smallest one. Every
mistake is reported as ` + "`file:line:col: sentence`" + `.

* A **duration** has units: ` + "`\"90s\"`, `\"25m\"`, `\"3h25m\"`, `\"2d4h\"`" + `. Days are 24 hours.
* A **time** is a duration after the start (` + "`\"+4h\"` or `\"4h\"`" + `), a date with an offset (` + "`2026-03-28T15:00:00+01:00`" + `), or a local date and
  time (` + "`\"2026-03-28 15:00\"`" + `), which is that of the lock it is about, else of ` + "`[scenario] zone`" + `. A local time that clocks skip or show
  twice is a mistake.
* A **PIN** is digits in quotes.
* A **name** is made of letters, digits and ` + "`- _ . @`" + `. A **pattern** may hold one ` + "`*`" + `: ` + "`room-*`" + ` means every lock whose id begins so, and
  ` + "`create = { id = \"stay-*\", lock = \"room-*\" }`" + ` makes ` + "`stay-001`" + ` on ` + "`room-001`" + ` and so on.
* A **list** of one may be written as that one.
* Inline tables and arrays mean the same as ` + "`[[at]]`" + ` tables.

Bounds: ` + fmt.Sprintf("%d KiB, %d locks, %d steps and %d codes and locks looked at by expectations, with every pattern spelt out, and %s of virtual time.", MaxBytes>>10, MaxLocks, MaxSteps, MaxExpects, strict.Short(MaxRun)) + "\n")
	for _, s := range sections() {
		s.write(&b)
	}
	b.WriteString(throughText)
	b.WriteString("\n## Names\n\n### Needs\n\n| need | what the lock must be like |\n|---|---|\n")
	for _, n := range needTable() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", n.name, n.meaning)
	}
	b.WriteString("\n### Rules\n\n")
	words(&b, world.Rules())
	writeFaults(&b)
	b.WriteString("\n### Models\n\n| model | what it is |\n|---|---|\n")
	for _, p := range sim.Profiles() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", p.Name, cell(p.Meaning))
	}
	b.WriteString("\n### Issues\n\n")
	words(&b, issueCodes())
	b.WriteString("\n### Events\n\n")
	words(&b, eventTypes())
	return []byte(b.String())
}

// throughText says what changes when a story happens at a vendor's locks.
const throughText = `
## At a vendor's locks

` + "`locksim replay --provider VENDOR`" + ` has stories happen at a vendor's locks: every call of the engine goes through the vendor's driver and its
protocol to a façade that answers as its cloud does, and the vendor's webhooks come back the same way.

* **Locks** become the vendor's, whichever model they are of: only a story that needs ` + "`models`" + ` is left to the locks that it names. One of so many places
  has as many here: where the vendor counts them its driver knows, elsewhere the lock says that it is full. One that is mounted later hangs at its
  door from the start, as vendors list their locks when an account is opened. A story is left out that is about a lock without a zone, or whose account
  has locks in several zones.
* **Needs** are held against the traits that the driver tells. Some follow from the steps: digits that somebody chose (` + "`own-pin`" + `), the same digits
  twice (` + "`reuse`" + `), spares (` + "`pool`" + `), algorithmic codes (` + "`offline`" + `), a window changed by hand (` + "`native`" + `), a reset, which shows only
  where the lock itself is read (` + "`lock-list`" + `, unless the story is about a ` + "`cloud-list`" + `). Four are held against the vendor: ` + "`push`" + `,
  ` + "`disabled`" + `, which some protocols have no word for, ` + "`full`" + `, which one does not say, and ` + "`bare`" + `, which a service between the engine and the locks is not: it
  keeps codes by itself, and goes on where a lock would have nothing more to do. A fault that these locks can't have leaves the story out, as wrong zones where windows are kept as instants, and so does one that
  ` + "`[check] sometimes`" + ` wants and that does not strike.
* **A step or an expectation** that says ` + "`needs`" + ` of its own is for locks that meet them: elsewhere the story goes on without it.
* **Digits** that these locks don't take become others that they do, the same everywhere in the file, except in steps that must be refused.
  Where the vendor chooses the digits, those of a creation are left out, doors that would share them have their own, and people type what
  they were told, which may come later than they asked.
  Where digits carry their own times, the house keeps the check-in and check-out times of the story's stays, and what can't be told of such
  digits leaves it out: codes without an end, changes, revocations, hands at the lock.
* **The rules** of the checkers hold as ever. So do the keypad (` + "`type`, `opens`" + `) and where a code's ` + "`status`" + ` rests: set, unset or gone. A vendor may take a
  minute longer than the simulator's own locks, and as long as ` + "`confirm_within`" + ` where it is the cloud that lists: what is not as wanted is judged once
  more then. A door that shall be shut for a code that shall open it within that time is a state on the way. Whether a code opens before its
  start, or is set ahead of it, depends on who keeps its schedule, and is left to the rules.
* **A gap** is accepted by whoever changes a code on a lock that can't change it in place, except in steps that must be refused.
* **Not judged** are states on the way, evidence, issues, events, counts, limits and golden traces, which belong to the simulator's own locks.

[The table](matrix.md) shows every story at every vendor. Its last share counts the stories whose needs a vendor's locks meet, for some can't
be told of locks by their nature: of what is found on igloohome and Kwikset, which tell nothing back, of digits that somebody chose and of spares
at Salto, whose cloud chooses them, and of most at Oracode, whose locks are told nothing.
`

func (s section) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n", s.title)
	if s.intro != "" {
		b.WriteString(s.intro + "\n\n")
	}
	b.WriteString("| key | type | meaning | example |\n|---|---|---|---|\n")
	for _, r := range s.rows {
		name := "`" + r.name + "`"
		if r.required {
			name += " *"
		}
		fmt.Fprintf(b, "| %s | %s | %s | `%s` |\n", name, cell(r.words), cell(r.meaning), cell(r.example))
	}
	if slices.ContainsFunc(s.rows, func(r docRow) bool { return r.required }) {
		b.WriteString("\n\\* must be given.\n")
	}
}

func writeFaults(b *strings.Builder) {
	b.WriteString("\n### Faults\n\n| kind | layer | on | what it does | parameters |\n|---|---|---|---|---|\n")
	for _, k := range sim.Kinds() {
		var on, params []string
		for _, t := range k.Targets {
			on = append(on, string(t))
		}
		for _, p := range k.Params {
			params = append(params, fmt.Sprintf("`%s` (%g): %s", p.Name, p.Default, p.Meaning))
		}
		if k.Text != "" {
			params = append(params, "`text`: "+k.Text)
		}
		if k.PerCall {
			params = append(params, "`op`, `after`, `p`")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", k.Name, k.Layer, strings.Join(on, ", "), cell(k.Meaning), cell(strings.Join(params, "; ")))
	}
}

func words(b *strings.Builder, names []string) {
	fmt.Fprintf(b, "`%s`\n", strings.Join(names, "` · `"))
}

// cell makes text fit a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
