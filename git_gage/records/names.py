"""Two-word names of runs, easy to say and type.

Source: docs/format.md, "Run ids". The lists are format: a run keeps its name for ever, so no word
is ever changed, added or moved.
"""

from __future__ import annotations

from functools import cache

from git_gage.records.ids import ALPHABET, TIME_CHARS

# No two words of a list share their first four letters, and none is the name of a common command.
_ADJECTIVES = """
able adept agile airy alert amiable ample arctic ardent artful astute autumn azure balanced balmy
beaming blithe bold boreal brave breezy bright brisk bronze bubbly buoyant calm candid caring
cerulean cheery classy clever coastal cool copper cordial cosmic cosy creative crimson crisp
curious daily dainty dapper daring dazzling decent deft devoted dewy diligent distant dynamic
eager early earnest earthy eastern easy elated electric elegant eminent fabled fair faithful
fearless festive fiery fine fluffy focused fond forest fresh frosty frozen gallant genial gentle
genuine gifted gilded glad glassy gleaming gleeful gliding glossy glowing golden graceful grand
grateful green groovy handy happy hardy hearty helpful heroic honest hopeful humble icy indigo
inspired intent ivory jolly jovial joyful jubilant keen kinetic lavish leafy learned lilac lilting
limber lively lofty loyal lucid lucky luminous lunar majestic marine meadow mellow melodic merry
mighty mild mindful minty misty modest moonlit mossy mystic natural neat nifty nimble noble
notable novel oaken orange outdoor pacific patient peaceful pearly pebbly peppy placid playful
plucky plush poetic poised polite pristine prompt proud purple quiet quirky radiant rainy rapid
rare ready regal relaxed rippling roaming robust rolling rosy russet rustic sandy savvy scarlet
seasoned serene shiny silent silken sincere skilled sleek smart smooth snappy snowy soaring solid
soothing sparkly speedy spirited spry starry stately steady stormy striped studious sturdy sublime
subtle summery sunny sure tactful tawny thankful tidy timely tranquil tropical trusty tuneful
unique upbeat useful valiant verdant vibrant vigilant vintage warm watchful welcome western
willing winding winsome wintry wise witty wondrous woolly worthy zealous zestful zippy
"""

_NOUNS = """
acorn agate alder almond alpaca antelope apple apricot arbor ash aspen aster auklet avocet axolotl
badger bamboo barley bay beetle birch bittern blossom bluebird bobcat bobolink boulder bramble
breeze briar buffalo burrow cactus caiman canary canoe canyon capybara caracal cardinal caribou
cedar chamois cheetah chestnut chinook chipmunk citrus clover coati cobble colibri comet condor
copse corgi coyote creek cricket crocus curlew cypress daffodil dahlia deer desert dipper dormouse
dove egret eider eland elk emu ermine estuary fawn feather ferret finch firefly fjord flamingo
fountain fox foxglove frog fulmar galago gannet garden garnet gazelle gecko gerbil geyser ginkgo
giraffe glacier goshawk grebe grove guanaco hamster harbor harrier hawk hedgehog heron herring
horizon horse ibex ibis iguana impala island jackdaw jaguar jay jerboa juniper kakapo kangaroo
kayak kestrel kiwi koala lagoon lapwing larch lark lavender lemur leopard linden lion lizard llama
lotus lupin lyrebird macaw magnolia magpie mallard manatee mango mantis marigold marlin marmot
marten meerkat minnow mongoose myrtle narwhal nectar newt nuthatch nutmeg oak oasis ocean ocelot
octopus okapi onyx orchid oriole oryx osprey ostrich otter owl oyster paddle panda pangolin papaya
parrot pasture penguin petal petrel pigeon pika plover pollen poplar poppy porpoise prairie
primrose puffin pumpkin quail quetzal quince quokka rabbit rainbow redwing reed reindeer river
rowan saffron sapphire seal sequoia siskin skylark snowdrop sparrow squid starling stork stream
sturgeon summit sunbeam sunfish swallow swan sycamore tapir tarsier teapot thistle thrush thyme
tortoise toucan trout tundra turtle valley volcano wallaby walnut walrus warbler wheat willow
windmill wisteria wolf wombat wren yak yarrow yucca zephyr zinnia
"""


def run_name(run: str) -> str:
    """The name of the run with this id, such as `brisk-otter`.

    The first two bytes of its record id pick the words; a run id holds them in its hash part.
    """
    number = 0
    for char in run[TIME_CHARS : TIME_CHARS + 4]:  # 5 bits each, of which 16 are needed
        number = number << 5 | ALPHABET.index(char)
    adjectives, nouns = _split_words()
    return f"{adjectives[number >> 12]}-{nouns[number >> 4 & 0xFF]}"


@cache
def _split_words() -> tuple[list[str], list[str]]:
    return _ADJECTIVES.split(), _NOUNS.split()
