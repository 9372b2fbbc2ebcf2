# What an R program logs in a run of `git gage`. Copy this file; config() alone needs jsonlite.
#
#     source("gage.R")
#     gage$log(step = 1, loss = 0.25)

gage <- local({
  said <- character()

  say_once <- function(text) {
    if (!text %in% said) cat("git-gage: ", text, "\n", sep = "", file = stderr())
    said <<- c(said, text)
    invisible()
  }

  quoted <- function(text) {
    codes <- utf8ToInt(enc2utf8(text))
    chars <- intToUtf8(codes, multiple = TRUE)
    marked <- chars %in% c("\"", "\\")
    chars[marked] <- paste0("\\", chars[marked])
    chars[codes < 32] <- sprintf("\\u%04x", codes[codes < 32])
    paste0("\"", paste(chars, collapse = ""), "\"")
  }

  # The shortest digits that read as this very number; JSON has none for what is not finite.
  number <- function(value) {
    value <- as.numeric(value)
    if (is.nan(value) || is.na(value)) return("\"nan\"")
    if (is.infinite(value)) return(if (value > 0) "\"inf\"" else "\"-inf\"")
    for (digits in 15:17) {
      text <- formatC(value, digits = digits, format = "g", width = 1)
      if (as.numeric(text) == value) break
    }
    text
  }

  is_number <- function(value) {
    length(value) == 1 && (is.numeric(value) || is.logical(value)) && !is.factor(value)
  }

  # Lists and named vectors in it have dotted names.
  spell <- function(name, value) {
    if (is.list(value) || !is.null(names(value))) {
      parts <- as.list(value)
      return(unlist(Map(spell, paste0(name, ".", names(parts)), parts)))
    }
    if (!is_number(value)) stop("metric '", name, "' must be a number", call. = FALSE)
    paste0(quoted(name), ":", number(value))
  }

  # Opened, written at once and closed: other processes do not tear lines of up to 4 KiB, and a
  # kill does not lose them.
  append_line <- function(variable, line) {
    path <- Sys.getenv(variable)
    outside <- "nothing is logged, as this is no run (start one with 'git gage run')"
    if (path == "") return(say_once(outside))
    told <- function(condition) say_once(paste("cannot log:", conditionMessage(condition)))
    tryCatch({
      file <- file(path, "ab")
      tryCatch(writeBin(charToRaw(enc2utf8(paste0(line, "\n"))), file), finally = close(file))
    }, error = told, warning = told)
    invisible()
  }

  list(
    # Log metrics: gage$log(step = 1, loss = 0.25), or a list of them.
    log = function(..., step = NULL) {
      given <- list(...)
      if (length(given) > 0 && is.null(names(given))) given <- do.call(c, given)
      if (is.null(step)) step <- given$step
      given$step <- NULL
      parts <- unlist(Map(spell, names(given), given))
      if (length(parts) == 0) return(invisible())
      if (!is.null(step)) {
        if (step != round(step)) stop("a step must be a whole number", call. = FALSE)
        parts <- c(sprintf("\"step\":%.0f", step), parts)
      }
      parts <- c(parts, sprintf("\"_at\":%.3f", as.numeric(Sys.time())))
      append_line("GAGE_METRICS_FILE", paste0("{", paste(parts, collapse = ","), "}"))
    },
    # Give the run an attribute: text, a number, TRUE, FALSE or NULL; the last one counts.
    attr = function(name, value) {
      text <- if (is.null(value)) "null"
        else if (is.character(value) && length(value) == 1) quoted(value)
        else if (is.logical(value) && length(value) == 1 && !is.na(value)) tolower(value)
        else if (is_number(value)) number(value)
        else stop("attribute '", name, "' must be text, a number, TRUE, FALSE or NULL", call. = FALSE)
      append_line("GAGE_ATTRS_FILE", paste0("{", quoted(name), ":", text, "}"))
    },
    # Config of the run, as a list; empty outside a run.
    config = function() {
      path <- Sys.getenv("GAGE_CONFIG_FILE")
      if (path == "") list() else jsonlite::fromJSON(path)
    },
    # Id of the run; NULL outside a run.
    run_id = function() if (Sys.getenv("GAGE_RUN_ID") == "") NULL else Sys.getenv("GAGE_RUN_ID")
  )
})
