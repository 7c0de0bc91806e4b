package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/accesscodes/lockctl/sim/scenario/report"
)

// command is the grammar.
func command(io stdio) *cobra.Command {
	root := &cobra.Command{
		Use: "locksim", Short: "a fleet of simulated locks: replays stories of the field in virtual time",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.AddCommand(replayCommand(io), swarmCommand(io), shrinkCommand(io), faultsCommand(io), profilesCommand(io), docsCommand(), versionCommand(io))
	root.AddCommand(matrixCommand(io), serveCommand(io))
	return root
}

func replayCommand(io stdio) *cobra.Command {
	r := replayer{io: io}
	c := &cobra.Command{
		Use: "replay PATH…", Short: "replay scenario files, or all below a folder, and judge them", Args: cobra.MinimumNArgs(1),
		Long: "Replays scenarios and prints a line for each. Where a golden trace lies beside a file, as NAME.trace, the run must\n" +
			"give the same trace.\n\nExit codes: 0 pass, 1 expectation, 2 safety, 3 liveness, 4 invalid file or usage, 5 broken.",
		RunE: func(c *cobra.Command, args []string) error { return r.replay(c.Context(), args) },
	}
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	f := c.Flags()
	f.BoolVar(&r.trace, "trace", false, "write the golden trace beside each scenario that passes")
	f.StringVar(&r.store, "store", "memory", "where the engine keeps its records: memory or badger")
	f.StringVar(&r.keep, "keep", "", "leave the world in this `DIR`, at the failing instant or the end, for lockctl open")
	f.StringVar(&r.report, "report", "text", "kind of report: "+list(names))
	f.StringVar(&r.out, "out", "", "write the report to this `FILE` instead of standard output")
	f.StringSliceVar(&r.through, "provider", nil, "run them through the driver and the protocol of these vendors: "+list(vendorNames()))
	f.IntVar(&r.jobs, "jobs", runtime.GOMAXPROCS(0), "scenarios that run at once")
	_ = c.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(vendorNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("report", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("store", cobra.FixedCompletions([]string{"memory", "badger"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func faultsCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use: "faults", Short: "list the kinds of fault that a scenario can place", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return faults(io.out) },
	}
}

func profilesCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use: "profiles", Short: "list the models of locks", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return profiles(io.out) },
	}
}

func docsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "docs DIR", Short: "write the page about the format of scenarios into a folder", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return docs(args[0]) },
	}
}

func versionCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print what was built, from what", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return version(io.out) },
	}
}

// list joins names with commas and an or.
func list(names []string) string {
	s := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			s += " or "
		default:
			s += ", "
		}
		s += n
	}
	return s
}
