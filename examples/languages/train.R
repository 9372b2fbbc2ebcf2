# Fit y = w x by gradient descent.

source("gage.R")

lr <- gage$config()$lr
if (is.null(lr)) lr <- 0.1
w <- 0
gage$attr("language", "R")
for (step in 0:9) {
  loss <- (w - 3)^2
  gage$log(step = step, loss = loss, w = w)
  w <- w - lr * 2 * (w - 3)
}
run <- gage$run_id()
cat(sprintf("run %s: w is %.3f\n", if (is.null(run)) "-" else run, w))
