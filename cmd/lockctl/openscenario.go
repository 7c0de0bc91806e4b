package main

import (
	"errors"

	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// openScenario opens the terminal interface on a scenario at its start. Its world is in memory, and gone at the end.
func openScenario(a *app, path string) error {
	file, err := scenario.Load(path)
	if err != nil {
		return inputError{err}
	}
	var told story
	s := memkv.New()
	w, err := scenario.Stage(a.ctx, file, s, told.watch)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	err = a.show(w, &told, "Paused at the start. Try: . for the next event, p to let time go on, :story")
	return errors.Join(err, s.Close())
}
