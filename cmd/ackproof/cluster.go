package main

import (
	"context"

)

func (a *app) cluster(ctx context.Context, args []string) (int, error) { return 0, badInput("not yet") }
