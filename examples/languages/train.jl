# Fit y = w x by gradient descent.

include("gage.jl")

function train(lr, w=0.0)
    for step in 0:9
        loss = (w - 3)^2
        Gage.log(; step, loss, w)
        w -= lr * 2 * (w - 3)
    end
    return w
end

Gage.attr("language", "Julia")
w = train(get(Gage.config(), "lr", 0.1))
println("run ", something(Gage.run_id(), "-"), ": w is ", round(w; digits=3))
