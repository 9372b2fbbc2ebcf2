# What a Julia program logs in a run of `git gage`. Copy this file; config() alone needs JSON.jl.
#
#     include("gage.jl")
#     Gage.log(step=1, loss=0.25)

module Gage

using Base.Filesystem: JL_O_APPEND, JL_O_CREAT, JL_O_WRONLY

const FILES = Dict{String,Base.Filesystem.File}()
const SAID = Set{String}()

"Log metrics: `Gage.log(step=1, loss=0.25)`, or `Gage.log(Dict(\"val/acc\" => 0.9), step=1)`."
log(; step=nothing, metrics...) = log(Dict(string(name) => value for (name, value) in metrics); step)

function log(metrics::AbstractDict; step=get(metrics, "step", nothing))
    parts = String[]
    for (name, value) in metrics
        string(name) == "step" || spell!(parts, string(name), value)
    end
    isempty(parts) && return nothing
    step === nothing || pushfirst!(parts, "\"step\":$(Int(step))")
    push!(parts, "\"_at\":$(round(time(); digits=3))")
    append("GAGE_METRICS_FILE", "{" * join(parts, ",") * "}")
end

"Give the run an attribute: text, a number, true, false or nothing; the last one counts."
function attr(name, value::Union{AbstractString,Real,Nothing})
    text = value isa AbstractString ? quoted(value) :
        value === nothing ? "null" :
        value isa Bool ? string(value) : number(value)
    append("GAGE_ATTRS_FILE", "{" * quoted(string(name)) * ":" * text * "}")
end

"Config of the run, as a dictionary; empty outside a run."
function config()
    path = get(ENV, "GAGE_CONFIG_FILE", "")
    isempty(path) && return Dict{String,Any}()
    json = Base.require(Main, :JSON)
    parse = Base.invokelatest(getproperty, json, :parse)
    return Base.invokelatest(parse, read(path, String))
end

"Id of the run; nothing outside a run."
function run_id()
    id = get(ENV, "GAGE_RUN_ID", "")
    return isempty(id) ? nothing : id
end

spell!(parts, name, value::Real) = push!(parts, quoted(name) * ":" * number(value))
spell!(parts, name, value) = throw(ArgumentError("metric '$name' must be a number, not $(typeof(value))"))

"A dictionary in it has dotted names."
function spell!(parts, name, values::AbstractDict)
    for (key, value) in values
        spell!(parts, "$name.$key", value)
    end
end

"JSON has no number for what is not finite, nor has a double for a very large integer."
function number(value::Real)
    double = Float64(value)
    isnan(double) && return "\"nan\""
    isinf(double) && return double > 0 ? "\"inf\"" : "\"-inf\""
    return value isa Integer ? string(value isa Bool ? Int(value) : value) : string(double)
end

quoted(text) = "\"" * join(escaped(char) for char in text) * "\""

function escaped(char)
    char in ('"', '\\') && return "\\" * char
    return char < ' ' ? "\\u" * string(UInt32(char); base=16, pad=4) : string(char)
end

"One write of one whole line: other processes do not tear it, and a kill does not lose it."
function append(variable, line)
    path = get(ENV, variable, "")
    isempty(path) && return say_once("nothing is logged, as this is no run (start one with 'git gage run')")
    try
        # Not open(path, "a"): that looks for the end itself, and two processes find the same one.
        file = get!(FILES, variable) do
            Base.Filesystem.open(path, JL_O_WRONLY | JL_O_APPEND | JL_O_CREAT, 0o666)
        end
        write(file, line * "\n")
    catch error
        error isa Union{Base.IOError,SystemError} || rethrow()
        say_once("cannot log: " * sprint(showerror, error))
    end
    return nothing
end

function say_once(text)
    text in SAID || println(stderr, "git-gage: ", text)
    push!(SAID, text)
    return nothing
end

end
