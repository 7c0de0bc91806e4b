package main

import "slices"

// verb is one row of the grammar: everything that lockctl understands.
type verb struct {
	path    string // "codes create"
	args    string // "DEVICE", "[ACCOUNT]", "[DEVICE…]", "DIR|FILE.toml"
	short   string
	long    string // "": short
	example string // a line that works, "lockctl " left out
	flags   []flag
	face    bool // it opens the terminal interface
	daemon  bool // it speaks with a daemon, perhaps one elsewhere: --to, --key-file
	run     func(*app, []string) error
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
		"pool":      "backup codes that are ready on locks",
		"events":    "what happened",
		"accounts":  "logins at providers",
		"webhooks":  "addresses to which events are posted",
		"keys":      "keys to the HTTP API",
		"config":    "the configuration",
		"providers": "the lock systems that are supported",
	}
}

// chapter is a part of the help: the first words of its verbs.
type chapter struct {
	title string
	words []string
}

// chapters are the parts of the help, in its order.
func chapters() []chapter {
	return []chapter{
		{"Codes and locks:", []string{"today", "codes", "devices", "pool", "plan", "explain", "events", "undo"}},
		{"Looking and running:", []string{"demo", "open", "attach", "serve", "accounts", "providers", "webhooks", "keys", "config"}},
		{"Keeping:", []string{"backup", "restore", "doctor", "version", "docs", "completion", "help"}},
	}
}

// to and keyFile name a daemon elsewhere.
func elsewhere() []flag {
	return []flag{{"to", "", "address of a daemon elsewhere, such as https://locks.example:3020"}, {"key-file", "", "file with an API key for it"}}
}

// grammar is every verb.
func grammar() []verb {
	return slices.Concat(faceVerbs(), codeVerbs(), deviceVerbs(), programVerbs(), keepingVerbs())
}

// Options that several verbs have.
func output() flag { return flag{"output", "table", "table, json, jsonl or csv"} }
func dryRun() flag { return flag{"dry-run", false, "say what would happen, and change nothing"} }
func yes() flag    { return flag{"yes", false, "don't ask"} }
func ofDevice() flag {
	return flag{"device", "", "only of this device"}
}
func configFlag() flag {
	return flag{"config", "", "configuration; left out: lockctl.toml in the configuration folder"}
}
func filterFlag() flag { return flag{"filter", "", "words, !word, column:value"} }

// faceVerbs open the terminal interface and run the engine.
func faceVerbs() []verb {
	return []verb{
		{path: "demo", short: "open the terminal interface on a demonstration", run: demo, face: true, example: "demo --reset", flags: []flag{{"reset", false, "begin a new one"}},
			long: "Opens the terminal interface on a demonstration: 24 simulated locks of all thirteen systems, guests without end, and a clock that\n" +
				"runs sixty times as fast as yours while it is open. What happened is kept, and goes on where it was. lockctl alone does the same where no daemon has ever run."},
		{path: "open", args: "DIR|FILE.toml", short: "open the terminal interface on a kept world or a scenario", run: open, face: true, example: "open scenarios/story.toml",
			long: "Opens the terminal interface on a world that locksim replay --keep left in a folder, or on a scenario, which then runs step by step:\n" +
				". runs to the next event, p lets time go on."},
		{path: "serve", args: "[FILE.toml]", short: "run the accounts, and answer on HTTP", run: serve, example: "serve --listen 127.0.0.1:3020",
			long: "Runs the accounts of the configuration and answers on HTTP: over a socket of its owner's, without a key, and over TCP for those who bring\n" +
				"one. Without a configuration it has an account of simulated locks, on this machine's clock. On SIGHUP it reads its configuration again.\n\n" +
				"With --sim it hosts a simulation instead, with its clock, faults and keypads: a scenario, or the demonstration's fleet, kept from one run to\n" +
				"the next.",
			flags: []flag{configFlag(), {"sim", false, "host a simulation"}, {"listen", "", "TCP address beside the socket, such as 127.0.0.1:3020"},
				{"tls-cert", "", "certificate for TCP, needed off this machine"}, {"tls-key", "", "its key"}, {"unlimited", false, "without the limits per device"},
				{"rate", 1, "of a simulation: virtual seconds per second; 0: the clock stands still; left out: as it was"}}},
		{path: "attach", short: "open the terminal interface on a daemon", run: attach, face: true, daemon: true, example: "attach --to https://locks.example:3020 --key-file key",
			long: "Opens the terminal interface on the engine of a running lockctl serve: the one of this data folder, over its socket, or one elsewhere\n" +
				"with an API key."},
	}
}

// codeVerbs are about codes.
func codeVerbs() []verb {
	var (
		reveal = flag{"reveal", false, "show digits; each reveal is journaled, and the digits count as told"}
		name   = flag{"name", "", "name of the code"}
		pin    = flag{"pin-file", "", "file with the PIN, - for stdin; left out: drawn"}
		starts = flag{"starts", "", "start: now, +2h, fri 15:00, 2026-03-28T15:00:00+01:00"}
		ends   = flag{"ends", "", "end, +2h counts from the start; left out: until removed"}
		gap    = flag{"accept-gap", false, "the code may be away from the lock for a moment inside its window"}
		jit    = flag{"jit", false, "write it just in time, even if the lock keeps schedules"}
	)
	return []verb{
		{path: "today", short: "list who arrives and who leaves, the most urgent first", run: onEngine(today), daemon: true, example: "today", flags: []flag{output()},
			long: "Lists arrivals within 72 hours, departures within 24 hours and every stay in trouble, the most urgent first, with what helps."},
		{path: "plan", short: "list who will be able to open which door at a time", run: onEngine(plan), daemon: true, example: "plan --at 'fri 15:00'",
			long: "Lists the codes whose window holds an instant, and those that may open a door then although theirs does not: written early, not erased yet,\n" +
				"or spares that nobody was told.",
			flags: []flag{{"at", "", "when: now unless told; +2h, fri 15:00, 2026-03-28T15:00:00+01:00"}, ofDevice(), output()}},
		{path: "codes list", short: "list codes", run: onEngine(codesList), daemon: true, example: "codes list --filter ada",
			long:  "Lists live codes. Times are those of each door. The last column is the end of the code's id, by which commands take it too.",
			flags: []flag{ofDevice(), output(), reveal, filterFlag()}},
		{path: "codes show", args: "CODE", short: "show one code: its life, its evidence, what is wrong", run: onEngine(codesShow), daemon: true, example: "codes show ada", flags: []flag{output(), reveal},
			long: "Shows one code. A code is named by its id, by its name if no other has it, or by the end of its id."},
		{path: "codes create", args: "[DEVICE…]", short: "create a code on one door, or the same on several", run: onEngine(codesCreate), daemon: true,
			example: "codes create 'Front door' --name Ada --starts 'fri 15:00' --ends +3d",
			long: "Creates a code. Without times it works from now until it is removed; with --ends it ends by itself. Times of day are those of the door.\n" +
				"With --from-file each line is a request such as\n" +
				`  {"device_id": "front", "starts_at": "2026-03-28 15:00", "ends_at": "+3d"}` + "\n" +
				"of which the device alone is needed; name, access_code_id, holder, code (the PIN) and jit are the others. A file that was\n" +
				"read halfway can be read again: what was made is not made twice, unless it has a time such as +3h that counts from now.",
			flags: []flag{name, pin, starts, ends, jit, {"pool", false, "keep backup codes ready on the lock"}, {"own-pins", false, "doors that can't take the shared PIN draw their own"}, {"holder", "", "who will use it"}, {"one-time", false, "dies with its first use"}, {"from-file", "", "one request per line, as JSON; - for stdin"}, reveal, dryRun(), output()}},
		{path: "codes update", args: "CODE", short: "change a code's name, PIN or times", run: onEngine(codesUpdate), daemon: true, example: "codes update ada --ends 'sun 11:00'",
			flags: []flag{name, pin, starts, ends, jit, gap, dryRun(), output()}},
		{path: "codes extend", args: "CODE TIME", short: "move the end of a code: +2h counts from the end that it has", run: onEngine(codesExtend), daemon: true, example: "codes extend ada +2h", flags: []flag{gap, dryRun(), output()}},
		{path: "codes convert", args: "CODE", short: "make a code ongoing or time-bound", run: onEngine(codesConvert), daemon: true, example: "codes convert ada --ongoing",
			flags: []flag{{"ongoing", false, "without an end"}, starts, ends, gap, dryRun(), output()}},
		{path: "codes delete", args: "CODE", short: "revoke a code: it is erased from its lock at once", run: onEngine(codesDelete), daemon: true, example: "codes delete ada --yes",
			flags: []flag{{"leaked", false, "the wrong people know it: can't be undone"}, dryRun(), yes(), output()}},
		{path: "codes rotate", args: "CODE", short: "give a code new digits", run: onEngine(codesRotate), daemon: true, example: "codes rotate ada --yes", flags: []flag{pin, gap, dryRun(), yes(), output()}},
		{path: "codes reveal", args: "CODE", short: "print a code's digits; from then on they are told", run: onEngine(codesReveal), daemon: true, example: "codes reveal ada", flags: []flag{output()}},
		{path: "codes explain", args: "CODE", short: "say what happens to a code next, and why", run: onEngine(codesExplain), daemon: true, example: "codes explain ada", flags: []flag{output()}},
		{path: "codes history", args: "DEVICE", short: "list codes of a lock that are gone", run: onEngine(codesHistory), daemon: true, example: "codes history front", flags: []flag{output()}},
		{path: "explain", args: "CODE", short: "the same as codes explain", run: onEngine(codesExplain), daemon: true, example: "explain ada", flags: []flag{output()}},
		{path: "undo", args: "RECEIPT", short: "take a command back, as a new command", run: onEngine(undo), daemon: true, example: "undo 214 --dry-run", flags: []flag{gap, dryRun(), output()}},
	}
}

// deviceVerbs are about locks and what they keep.
func deviceVerbs() []verb {
	return []verb{
		{path: "devices list", short: "list locks", run: onEngine(devicesList), daemon: true, example: "devices list --filter link:offline",
			flags: []flag{{"account", "", "only of this account"}, output(), filterFlag(), {"sort", "name", "column to sort by, - in front: descending"}}},
		{path: "devices show", args: "DEVICE", short: "show one lock: what it holds, what is wrong, what comes next", run: onEngine(devicesShow), daemon: true, example: "devices show front", flags: []flag{output()},
			long: "Shows one lock. A lock is named by its id, or by its name if no other has it."},
		{path: "devices observe", args: "DEVICE", short: "look at a lock now, and retry what failed", run: onEngine(devicesObserve), daemon: true, example: "devices observe front", flags: []flag{dryRun(), output()}},
		{path: "devices unmanaged", args: "DEVICE", short: "list codes that somebody else put on a lock", run: onEngine(devicesUnmanaged), daemon: true, example: "devices unmanaged front", flags: []flag{output()}},
		{path: "devices adopt", args: "DEVICE REF", short: "manage a code that somebody else put on a lock", run: onEngine(devicesAdopt), daemon: true, example: "devices adopt front 12", flags: []flag{dryRun(), output()}},
		{path: "devices erase", args: "DEVICE REF", short: "erase a code that somebody else put on a lock", run: onEngine(devicesErase), daemon: true, example: "devices erase front 12 --yes", flags: []flag{dryRun(), yes(), output()}},
		{path: "devices swap", args: "OLD NEW", short: "move every code of a lock to the one that replaces it", run: onEngine(devicesSwap), daemon: true, example: "devices swap front front-2 --dry-run", flags: []flag{dryRun(), yes(), output()}},
		{path: "devices remove", args: "DEVICE", short: "end the management of a lock; its codes stay on it", run: onEngine(devicesRemove), daemon: true, example: "devices remove front --yes", flags: []flag{dryRun(), yes(), output()}},
		{path: "pool enable", args: "DEVICE", short: "keep backup codes ready on a lock", run: onEngine(poolEnable), daemon: true, example: "pool enable front", flags: []flag{dryRun(), output()}},
		{path: "pool disable", args: "DEVICE", short: "keep no backup codes on a lock", run: onEngine(poolDisable), daemon: true, example: "pool disable front", flags: []flag{dryRun(), output()}},
		{path: "pool pull", args: "CODE", short: "give a backup code in place of one that does not work", run: onEngine(poolPull), daemon: true, example: "pool pull ada", flags: []flag{dryRun(), output()}},
		{path: "events tail", short: "print the last lines of the journal, and follow it", run: onEngine(eventsTail), daemon: true, example: "events tail --follow",
			flags: []flag{ofDevice(), {"filter", "", "words, !word, or a day such as fri"}, {"lines", 20, "how many"}, {"after", 0, "all after this sequence number"}, {"follow", false, "go on as it happens"}, output()}},
		{path: "accounts list", short: "list logins at providers", run: onEngine(accountsList), daemon: true, example: "accounts list -o json", flags: []flag{configFlag(), output()},
			long: "Lists the accounts of the configuration and those that devices hang on. lockctl.toml adds and removes them; lockctl serve reads it again on SIGHUP."},
		{path: "accounts show", args: "ACCOUNT", short: "show one login", run: onEngine(accountsShow), daemon: true, example: "accounts show demo", flags: []flag{configFlag(), output()}},
		{path: "accounts login", args: "ACCOUNT", short: "sign in to an account whose vendor asks for more than its settings", run: accountsLogin, example: "accounts login flat",
			long: "Asks what the vendor wants to know, such as a code that it has sent, and keeps the token that it gives, beside the store and for its owner's\n" +
				"eyes alone. A daemon that runs uses it at once. Answers may come from a pipe, one a line. accounts list shows who has to be signed in.",
			flags: []flag{configFlag()}},
		{path: "providers list", short: "list what an account can be", run: providersList, example: "providers list", flags: []flag{output()}},
		{path: "providers check", args: "ACCOUNT", short: "try an account of the configuration, and write nothing", run: providersCheck, example: "providers check demo",
			long:  "Signs in to an account, lists its devices and looks at the first three, and checks that what the driver tells keeps to its contract.",
			flags: []flag{configFlag()}},
	}
}

// programVerbs are for other people's programs.
func programVerbs() []verb {
	return []verb{
		{path: "webhooks list", short: "list addresses to which events are posted", run: webhooksList, daemon: true, example: "webhooks list", flags: []flag{{"reveal", false, "show their secrets"}, output()}},
		{path: "webhooks create", args: "URL", short: "have events posted to an address; prints the secret by which they are known", run: webhooksCreate, daemon: true,
			example: "webhooks create https://hotel.example/locks --events access_code.set_on_device",
			flags:   []flag{{"events", "", "types with commas; left out: all"}, dryRun(), output()}},
		{path: "webhooks enable", args: "WEBHOOK", short: "post to it again", run: webhooksEnable, daemon: true, example: "webhooks enable webhook_1", flags: []flag{dryRun()}},
		{path: "webhooks disable", args: "WEBHOOK", short: "post nothing to it; what happens meanwhile is not kept for it", run: webhooksDisable, daemon: true, example: "webhooks disable webhook_1", flags: []flag{dryRun()}},
		{path: "webhooks delete", args: "WEBHOOK", short: "take a webhook away", run: webhooksDelete, daemon: true, example: "webhooks delete webhook_1", flags: []flag{dryRun()}},
		{path: "webhooks deliveries", args: "WEBHOOK", short: "list events that are on their way, or were given up", run: webhooksDeliveries, daemon: true, example: "webhooks deliveries webhook_1", flags: []flag{output()}},
		{path: "webhooks redeliver", args: "WEBHOOK EVENT", short: "send an event again", run: webhooksRedeliver, daemon: true, example: "webhooks redeliver webhook_1 event_000000000042", flags: []flag{dryRun()}},
		{path: "keys list", short: "list API keys", run: keysList, example: "keys list", flags: []flag{output()}},
		{path: "keys create", args: "NAME", short: "make an API key, and print it this once", run: keysCreate, example: "keys create hotel --scopes read,write",
			flags: []flag{{"scopes", "read,write,pins", "read, write, pins"}, dryRun(), output()}},
		{path: "keys revoke", args: "KEY", short: "end an API key", run: keysRevoke, example: "keys revoke key_1", flags: []flag{dryRun()}},
		{path: "config show", short: "print the configuration in force, defaults included; secrets as where they are kept", run: configShow, example: "config show", flags: []flag{configFlag()}},
		{path: "config check", args: "[FILE]", short: "check a configuration file, and that its secrets can be read", run: configCheck, example: "config check lockctl.toml", flags: []flag{configFlag()}},
		{path: "config sample", short: "print a configuration with a word about every key", run: configSample, example: "config sample"},
	}
}

// keepingVerbs are about what is kept, and the program itself.
func keepingVerbs() []verb {
	return []verb{
		{path: "backup", args: "FILE", short: "write everything that is kept into one file", run: backup, example: "backup locks.backup",
			long: "Writes everything that is kept, as it is at one instant, into one file with a checksum; a running daemon goes on meanwhile. The file is\n" +
				"encrypted with age: for the key beside the data, which is made the first time and of which you should keep a copy elsewhere, or for another.",
			flags: []flag{configFlag(), {"recipient", "", "age public key that it is encrypted for"}, {"plain", false, "don't encrypt it"}}},
		{path: "restore", args: "FILE", short: "put a backup in the place of a store that is not there", run: restore, example: "restore locks.backup",
			flags: []flag{configFlag(), {"identity", "", "file with the age private key; left out: the one beside the data"}, dryRun()}},
		{path: "doctor", short: "check every record that is kept, and say what to do", run: doctor, example: "doctor --repair",
			flags: []flag{configFlag(), {"repair", false, "mend what can be told from the other records"}, output()}},
		{path: "completion", args: "SHELL", short: "print a script by which a shell completes verbs and names", run: completion, example: "completion bash",
			long: "Prints a script for bash, zsh or fish. For the running one: source <(lockctl completion bash). Names of locks and codes come from the running daemon."},
		{path: "version", short: "print the version", run: version, example: "version"},
		{path: "docs", args: "DIR", short: "write the generated pages of the documentation", run: docs, example: "docs docs"},
	}
}
