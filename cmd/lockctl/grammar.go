package main

// verb is one row of the grammar: everything that lockctl understands, or will.
type verb struct {
	path  string // "codes create"
	args  string // "DEVICE", "[ACCOUNT]", "DIR|FILE.toml"
	short string
	long  string // "": short
	flags []flag
	waits string // the capability that it waits for; "": it works
	run   func(*app, []string) error
}

// flag is an option of a verb. Its default says of which type it is.
type flag struct {
	name  string
	value any // string, bool or int: its default
	usage string
}

// nouns are the words before the verbs.
func nouns() map[string]string {
	return map[string]string{
		"codes":     "who may open which door, and when",
		"devices":   "locks and intercoms",
		"accounts":  "logins at providers",
		"keys":      "keys to the HTTP API",
		"config":    "the configuration",
		"pool":      "backup codes that are ready on locks",
		"events":    "what happened",
		"providers": "the lock systems that are supported",
	}
}

// What verbs of a later version wait for.
const (
	waitsDaemon = "the daemon (lockctl serve)"
	waitsLive   = "accounts at providers"
)

// grammar is every verb, in the order of the help.
func grammar() []verb {
	var (
		output  = flag{"output", "table", "table, json, jsonl or csv"}
		reveal  = flag{"reveal", false, "show digits; each reveal is journaled"}
		dryRun  = flag{"dry-run", false, "say what would happen, and change nothing"}
		device  = flag{"device", "", "only of this device"}
		name    = flag{"name", "", "name of the code"}
		pin     = flag{"pin-file", "", "file with the PIN, - for stdin; left out: drawn"}
		starts  = flag{"starts", "", "start: now, +2h, fri 15:00, 2026-03-28T15:00:00+01:00"}
		ends    = flag{"ends", "", "end; left out: until removed"}
		gap     = flag{"accept-gap", false, "the code may be away from the lock for a moment inside its window"}
		yes     = flag{"yes", false, "don't ask"}
		jit     = flag{"jit", false, "write it just in time, even if the lock keeps schedules"}
		ask     = flag{"from-file", "", "one request per line, as JSON"}
		account = flag{"account", "", "only of this account"}
		conf    = flag{"config", "", "configuration; left out: lockctl.toml in the configuration folder"}
	)
	return []verb{
		{path: "demo", short: "open the terminal interface on a demonstration", run: demo, flags: []flag{{"reset", false, "begin a new one"}},
			long: "Opens the terminal interface on a demonstration: 24 simulated locks of all thirteen systems, guests without end, and a clock that\n" +
				"runs sixty times as fast as yours while it is open. What happened is kept, and goes on where it was. lockctl alone does the same."},
		{path: "open", args: "DIR|FILE.toml", short: "open the terminal interface on a kept world or a scenario", run: open,
			long: "Opens the terminal interface on a world that locksim replay --keep left in a folder, or on a scenario, which then runs step by step:\n" +
				". runs to the next event, p lets time go on."},
		{path: "serve", args: "[FILE.toml]", short: "run the accounts, and answer on HTTP", run: serve,
			long: "Runs the accounts of the configuration and answers on HTTP: over a socket of its owner's, without a key, and over TCP for those who bring\n" +
				"one. Without a configuration it has an account of simulated locks, on this machine's clock. On SIGHUP it reads its configuration again.\n\n" +
				"With --sim it hosts a simulation instead, with its clock, faults and keypads: a scenario, or the demonstration's fleet, kept from one run to\n" +
				"the next.",
			flags: []flag{conf, {"sim", false, "host a simulation"}, {"listen", "", "TCP address beside the socket, such as 127.0.0.1:3020"},
				{"tls-cert", "", "certificate for TCP, needed off this machine"}, {"tls-key", "", "its key"}, {"unlimited", false, "without the limits per device"},
				{"rate", 1, "of a simulation: virtual seconds per second; 0: the clock stands still; left out: as it was"}}},
		{path: "attach", short: "open the terminal interface on a daemon", run: attach,
			long: "Opens the terminal interface on the engine of a running lockctl serve: the one of this data folder, over its socket, or one elsewhere\n" +
				"with an API key.",
			flags: []flag{{"to", "", "address of a daemon elsewhere, such as https://locks.example:3020"}, {"key-file", "", "file with an API key"}}},
		{path: "version", short: "print the version", run: version},
		{path: "docs", args: "DIR", short: "write the generated pages of the documentation", run: docs},

		{path: "codes list", short: "list codes", flags: []flag{device, output, reveal, {"filter", "", "words, !word, column:value"}}, waits: waitsDaemon},
		{path: "codes show", args: "CODE", short: "show one code", flags: []flag{output, reveal}, waits: waitsDaemon},
		{path: "codes create", args: "DEVICE…", short: "create a code on one door, or the same on several", flags: []flag{name, pin, starts, ends, jit, {"pool", false, "keep backup codes ready on the lock"}, {"own-pins", false, "doors that can't take the shared PIN draw their own"}, {"holder", "", "who will use it"}, {"one-time", false, "dies with its first use"}, ask, dryRun, output}, waits: waitsDaemon},
		{path: "codes update", args: "CODE", short: "change a code's name, PIN or times", flags: []flag{name, pin, starts, ends, jit, gap, ask, dryRun, output}, waits: waitsDaemon},
		{path: "codes convert", args: "CODE", short: "make a code ongoing or time-bound", flags: []flag{{"ongoing", false, "without an end"}, starts, ends, gap, dryRun}, waits: waitsDaemon},
		{path: "codes delete", args: "CODE", short: "revoke a code", flags: []flag{{"leaked", false, "the wrong people know it: can't be undone"}, dryRun, yes}, waits: waitsDaemon},
		{path: "codes rotate", args: "CODE", short: "give a code new digits", flags: []flag{pin, gap, dryRun, yes}, waits: waitsDaemon},
		{path: "pool pull", args: "CODE", short: "give a backup code in place of one that does not work", flags: []flag{dryRun, reveal}, waits: waitsDaemon},
		{path: "codes reveal", args: "CODE", short: "print a code's digits; from then on they are told", flags: []flag{output}, waits: waitsDaemon},
		{path: "devices adopt", args: "DEVICE REF", short: "manage a code that somebody else put on a lock", flags: []flag{dryRun}, waits: waitsDaemon},
		{path: "devices unmanaged", args: "DEVICE", short: "list codes that somebody else put on a lock", flags: []flag{output}, waits: waitsDaemon},
		{path: "devices erase", args: "DEVICE REF", short: "erase a code that somebody else put on a lock", flags: []flag{dryRun, yes}, waits: waitsDaemon},
		{path: "codes history", args: "[DEVICE]", short: "list codes that are gone", flags: []flag{output}, waits: waitsDaemon},
		{path: "devices list", short: "list locks", flags: []flag{account, output, {"filter", "", "words, !word, column:value"}, {"sort", "name", "column to sort by, - in front: descending"}}, waits: waitsDaemon},
		{path: "devices show", args: "DEVICE", short: "show one lock: slots, traits, issues", flags: []flag{output}, waits: waitsDaemon},
		{path: "devices add", args: "DEVICE", short: "put a lock of an account under management", flags: []flag{account}, waits: waitsLive},
		{path: "devices remove", args: "DEVICE", short: "end the management of a lock; its codes stay on it", flags: []flag{dryRun, yes}, waits: waitsDaemon},
		{path: "devices swap", args: "OLD NEW", short: "move every code of a lock to the one that replaces it", flags: []flag{dryRun, yes}, waits: waitsDaemon},
		{path: "devices observe", args: "DEVICE", short: "look at a lock now, and retry what failed", waits: waitsDaemon},
		{path: "pool enable", args: "DEVICE", short: "keep backup codes ready on a lock", flags: []flag{dryRun}, waits: waitsDaemon},
		{path: "pool disable", args: "DEVICE", short: "keep none", flags: []flag{dryRun}, waits: waitsDaemon},
		{path: "devices policy", args: "[DEVICE]", short: "show or change the numbers that the engine decides by", flags: []flag{account, {"set", "", "name=value, several with commas"}, output}, waits: waitsDaemon},
		{path: "accounts list", short: "list logins", flags: []flag{output}, waits: waitsLive},
		{path: "accounts add", args: "PROVIDER", short: "sign in at a provider", waits: waitsLive},
		{path: "accounts remove", args: "ACCOUNT", short: "sign out", flags: []flag{yes}, waits: waitsLive},
		{path: "events tail", short: "print or follow what happened", flags: []flag{device, {"after", 0, "sequence number"}, {"follow", false, "go on as it happens"}, output}, waits: waitsDaemon},
		{path: "codes explain", args: "CODE", short: "say what happens to a code next, and why", flags: []flag{output}, waits: waitsDaemon},
		{path: "undo", args: "RECEIPT", short: "take a command back", flags: []flag{dryRun}, waits: waitsDaemon},
		{path: "keys list", short: "list API keys", run: keysList, flags: []flag{{"output", "table", "table or json"}}},
		{path: "keys create", args: "NAME", short: "make an API key, and print it this once", run: keysCreate, flags: []flag{{"scopes", "read,write,pins", "read, write, pins"}, {"output", "table", "table or json"}}},
		{path: "keys revoke", args: "KEY", short: "end an API key", run: keysRevoke},
		{path: "config show", short: "print the configuration in force, defaults included; secrets as where they are kept", run: configShow, flags: []flag{conf}},
		{path: "config check", args: "[FILE]", short: "check a configuration file, and that its secrets can be read", run: configCheck, flags: []flag{conf}},
		{path: "config sample", short: "print a configuration with a word about every key", run: configSample},
		{path: "providers list", short: "list lock systems and what they can do", flags: []flag{output}, waits: waitsLive},
		{path: "backup", args: "FILE", short: "write everything that is kept into one file, encrypted unless you say otherwise", run: backup,
			long: "Writes everything that is kept, as it is at one instant, into one file with a checksum; a running daemon goes on meanwhile. The file is\n" +
				"encrypted with age: for the key beside the data, which is made the first time and of which you should keep a copy elsewhere, or for another.",
			flags: []flag{conf, {"recipient", "", "age public key that it is encrypted for"}, {"plain", false, "don't encrypt it"}}},
		{path: "restore", args: "FILE", short: "put a backup in the place of a store that is not there", run: restore,
			flags: []flag{conf, {"identity", "", "file with the age private key; left out: the one beside the data"}}},
		{path: "doctor", short: "read every record that is kept, and say what is wrong and what to do", run: doctor,
			flags: []flag{conf, {"repair", false, "mend what can be told from the other records"}, {"output", "table", "table or json"}}},
	}
}
