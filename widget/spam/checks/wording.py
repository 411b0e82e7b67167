# ruff: noqa: RUF001 (letters of other scripts are meant)
"""The words of advertising, in some languages, and how much each tells: not from any collection.

A weight of 0.5 or more is what nearly nobody else says; 0.3 needs one more; what is below only
counts beside others. A site's own words are its lists (spam.words); what
its readers really say, the classifier learns.
"""

from widget.spam.checks.lexicon import Lexicon

# What is sold.
_TRADES = """
0.55: payday loan, payday loans, online casino, online casinos, casino bonus, no deposit bonus
0.55: free spins, slot gacor, situs slot, judi online, bandar togel, sbobet, sports betting site
0.55: viagra, cialis, levitra, kamagra, tadalafil, sildenafil, vardenafil, phentermine, modafinil
0.55: male enhancement, penis enlargement, without prescription, no prescription, online pharmacy
0.55: online pharmacies, canadian pharmacy, diet pills, weight loss pills, cbd gummies, keto gummies
0.55: replica watches, replica handbags, replica bags, fake rolex, cheap jerseys, louboutin outlet
0.55: louis vuitton outlet, michael kors outlet, ugg outlet, ray ban outlet, cheap ray ban
0.55: essay writing service, write my essay, essay writers, buy essay, buy essays, dissertation help
0.55: spell caster, love spell, love spells, spell casting, get your ex back, ex back
0.55: powerful spell
0.55: recover my lost, recovery expert, recovery agent, crypto recovery, hacker for hire
0.55: hire a hacker
0.55: buy followers, buy likes, instagram followers, free followers, real followers
0.55: guest post service, backlinks, seo services, seo service, seo expert, seo agency
0.55: link building
0.55: escort service, call girls, call girl, sex cam, sex cams, live cams, adult dating
0.55: hookup, hookups, xxx video, xxx videos, porn video, porn videos, free porn, onlyfans
0.55: nude pics
0.55: forex signals, forex trading, binary options, binary option, crypto investment
0.55: bitcoin investment
0.55: work from home job, work from home jobs, home based business, make money online
0.55: earn money online
0.55: passive income, quick loan, quick loans, instant loan, loan offer
0.55: credit repair, debt relief, debt consolidation, cash advance, loan approval
0.55: airdrop, presale token, whitelist spot, free nft, guaranteed profit, daily profit
0.4: casino*, roulette, blackjack, baccarat, jackpot, jackpots, gambling site, betting tips
0.4: bookmaker*
0.4: togel, gacor, judi, slots, xanax, tramadol, ambien, oxycodone, valium, steroids, sarms, viagr*
0.4: replica, replicas, jerseys, wholesale, outlet store, handbags, dropshipping, mlm, forex
0.4: porn*, escort, webcam girls, sexy girls, hot girls, dating site, milf, nudes, naked
0.4: weight loss, lose weight, fat burner, belly fat, testosterone booster, anti aging
0.4: erectile dysfunction
0.4: herbal, herbs cure, herbal cure, herbal medicine, cured me, natural remedy, dr oz, supplements
0.4: cryptocurrency investment, mining pool, trading platform, trading bot, investors, roi, broker
0.4: web hosting, web design company, web development company, digital marketing
0.4: digital marketing agency
0.4: software development company, mobile app development, packers and movers, carpet cleaning
0.4: locksmith
0.4: limo service, airport transfer, plumbing services, roofing company, escort agency, vape shop
0.4: whatsapp hack, phone spy, spy app, premium accounts, cracked version, keygen, serial key
0.4: apk mod
0.4: mod apk, iptv, unlimited coins, generator tool, cheat tool, license key, torrent download
0.4: ringtone, ringtones, wallpapers, voucher, vouchers, sweepstakes, raffle, lottery
"""

# How people are called to buy, to come, to answer.
_CALLS = """
0.55: subscribe to me, subscribe me, please subscribe, pls subscribe, plz subscribe, sub to me
0.55: sub me
0.55: subscribe and i, please sub, subscribe back, look at my channel, check out our channel
0.55: i subscribe back
0.55: help me reach, help me get to, promo for my
0.4: get rich, double your, bad credit, financial freedom, escorts, follow back, dm me, email him
0.3: buy now, contact us, customer service, buy views, donate, donation, donations, fundraiser
0.3: air max, changed my life
0.3: gofundme, indiegogo, kickstarter, crowdfunding, contest, competition, vote for, chance to win
0.3: watch my
0.3: check my, check our, check me out, come check, my video, my song, my songs, my rap, my band
0.3: my first video, my youtube, our channel, our video, our new, our band, my album, my mixtape
0.3: my new, new channel, new to youtube, my facebook, our facebook, my instagram, my twitter
0.2: please help, pls help, plz help, please like, please share, please watch, please vote, pls like
0.2: please visit, please check, please look, please join, please click, please follow, please buy
0.2: check out, sms, txt, call, congratulations, to claim, discover, buy, sell, order, click
0.2: stop to
0.2: watch this, like this page, follow, follow him, join, join my, join our, channel, itunes
0.55: click here to, click the link below, link in bio, link in my bio, subscribe to my, sub to my
0.55: check out my channel, visit my channel, visit my website, visit my site, visit my page
0.55: my web site
0.55: visit my blog, visit my web, feel free to visit, also visit my, look at my web, here is my web
0.55: here is my website, here is my site, here is my blog, check out my website, check out my blog
0.55: check out my, check my channel, on my channel, my youtube channel, to my channel
0.55: my new channel
0.55: my webpage, my homepage, my web page, my web blog, my new video, my latest video
0.55: contact him on, contact her on, contact them on, contact him via, contact him through
0.55: whatsapp him, whatsapp number, text me on, whatsapp me, inbox me, message me on
0.55: add me on
0.55: add us on, telegram channel, telegram group, t me, wa me, join our telegram, contact us today
0.55: sub4sub, sub 4 sub, sub for sub, like for like, follow for follow, i sub back
0.55: claim your, claim now, you have won, you ve won, you have been selected
0.55: been awarded
0.55: act now, order now, shop now, call now, apply now, register now, sign up now
0.55: text back
0.55: limited time offer, limited offer, special offer, best price guaranteed, lowest price
0.55: best deals
0.55: earn up to, earn over, earning over, i earn, i make over, per hour from home, extra cash
0.55: easy cash
0.55: thanks to dr, all thanks to, i got my first paycheck, i am so happy to share
0.4: click here, click on the link, click this link, click link, click on my
0.4: subscribe, subscribers, my channel, my videos, my music, my covers
0.4: my cover
0.4: my profile, follow me, follow us, my page, my website, our website, my site, my blog, our site
0.4: our blog
0.4: our store, our shop, our services, our products, our company, our team of, we offer, we provide
0.4: we sell
0.4: sign up, join now, join us, join today, free trial, free sample, free gift, gift card
0.4: gift cards
0.4: giveaway, prize, prizes, winner, winners, won a, promo code, coupon, coupons, coupon code
0.4: discount code
0.4: free shipping, best price, cheap price, cheapest, at affordable, affordable price
0.4: affordable prices, for sale
0.4: buy cheap, buy online, buy real, order online, shop online, available online, 100 free
0.4: absolutely free
0.4: for free download, download now, free download, watch online, watch free, full movie
0.4: free access
0.4: money back, risk free, no risk, no fees, guaranteed, guarantee, per day, a day from
0.4: per week from, a week from
0.4: from home, extra income, side hustle, make money, earn money, making money, real money
0.4: easy money
0.4: vote for me, vote for my, give it a listen, give me a chance, give us a chance, support my
0.4: support me
0.4: like my, share my, watch it here, check it out, check this out, take a look at my, go to my
0.4: checkout my
0.4: check out this, check out our, check us out, check him out, check her out, visit us, visit our
0.4: visit this
0.4: visit here, read more here, more info here, more information at, for more info
0.4: for more information, for more details
0.4: contact me, contact him, contact now, call us, email us, text us, reach us
0.4: get in touch with
0.4: reply stop, opt out, unsubscribe, per msg
0.4: t cs, cs apply
0.25: whatsapp, telegram, viber, skype, kik, snapchat, instagram, facebook page, twitch, soundcloud
0.25: spotify, patreon
0.25: free, offer, offers, discount, discounts, bonus, cheap, promotion, promo, deal, deals, urgent
0.25: exclusive, limited
0.25: visit, download, register, subscribe, contact, bitcoin, crypto, btc, usdt, investment, invest
0.25: profit*, income
0.25: loan, loans, mortgage, insurance quotes, refinance, cash, rich, millionaire, luxury, sexy
0.25: dating, girls, singles
0.25: seo, rank, ranking, traffic, followers, viral, leads, marketing, advertising, promote, sponsor
0.25: entrepreneurs
0.25: amazing offer, best quality, high quality, top quality, trusted, legit, genuine, reliable
0.25: professional, experts
0.25: mobile, awarded, reward, rewards, entry, dial, expires
0.25: camera phone
"""

# The same elsewhere. Written as it is folded: without accents.
_ELSEWHERE = """
0.55: казино онлайн, онлайн казино, ставки на спорт, букмекерская контора, фриспины
0.55: бездепозитный бонус
0.55: удаленный заработок, удаленный доход, пассивный доход, дополнительный доход, стабильный доход
0.55: быстрый заработок
0.55: заработок в интернете, заработок на, заработать на, подработка, доход от, доход до, в день от
0.55: от 100 в день
0.55: пишите в лс, пиши в лс, пишите в личку, пиши в личку, пишите в личные, в личные сообщения
0.55: пиши в директ, пишите мне
0.55: переходи по ссылке, переходите по ссылке, жми на ссылку, ссылка в профиле
0.55: подписывайтесь на канал, подпишись на канал
0.55: набираем людей, набор людей, набираю людей, ищу людей, ищем людей, ищу партнеров
0.55: ищем партнеров, нужны люди
0.55: без вложений, без опыта, обучение бесплатное, обучаем, обучим, удаленная работа
0.55: работа на дому, удаленно
0.55: микрозайм, микрозаймы, займ онлайн, кредит без, займы без отказа, обнал, закладки, мефедрон
0.55: соль кристаллы
0.55: интим, интим услуги, проститутки, индивидуалки, эскорт, слив фото, сливы, порно
0.55: знакомства для взрослых
0.4: казино, букмекер*, ставк*, слоты, промокод*, заработ*, кредит*, займ*, инвестиц*, криптовалют*
0.4: арбитраж*, трейдинг*
0.4: дохо*, прибыл*, партнер*, сотруднич*, вакансия, скидк*, акция, бесплатно, дешево, недорого
0.4: купить, закажи*, заказать
0.4: подписыва*, подпишись, розыгрыш, выиграл*, бонус*, гарантир*, гаранти*, перейди*, регистрац*
0.4: зарегистр*, usdt, p2p
0.25: ссылк*, канал, личку, лс, деньги, биткоин*, крипт*, доллар*, рублей, тысяч, рекламa, продам
0.25: раскрутк*, продвижен*
0.55: geld verdienen, kredit ohne schufa, ohne rezept, kostenlos testen, jetzt anmelden
0.55: jetzt bestellen, jetzt kaufen
0.55: besuchen sie meine, besuche meine, online casino bonus, potenzmittel, freispiele
0.55: nebenverdienst, schneller kredit
0.4: gewinnspiel, gutschein*, rabatt*, sonderangebot*, klick hier, klicken sie hier, sofortkredit
0.4: abonniert, abonniere
0.55: gagner de l argent, credit rapide, pret entre particuliers, offre de pret, voyant, marabout
0.55: retour affectif, sans ordonnance
0.4: cliquez ici, visitez mon, code promo, pret, argent facile, rencontre, abonnez vous
0.4: bonus sans depot, acheter
0.55: ganar dinero, dinero facil, prestamo rapido, prestamos rapidos, oferta de prestamo
0.55: amarres de amor, comprar seguidores
0.4: haz clic aqui, visita mi, suscribete, codigo promocional, apuestas, prestamo, prestamos
0.4: casino en linea, comprar
0.55: ganhar dinheiro, dinheiro facil, emprestimo rapido, renda extra, comprar seguidores
0.55: clique aqui, bonus gratis
0.4: inscreva se, se inscreve, meu canal, apostas, emprestimo, visite meu, cupom, promocao
0.55: guadagnare online, soldi facili, prestito veloce, clicca qui, guadagnare da casa
0.55: casino online bonus
0.55: kredi, bahis siteleri, canli bahis, deneme bonusu, casino siteleri, escort bayan
0.55: takipci satin al
"""

# Inside the name of a host, where words are not parted.
HOSTS = (
    *("casino", "poker", "viagra", "payday", "pharmac", "replica", "escort", "jackpot", "betting"),
    *("gambl", "slotgacor", "togel", "sbobet", "porn", "xxx", "sexcam", "weightloss", "dietpill"),
    *("essaywrit", "cheapjersey", "outletstore", "backlink", "followers", "forexsignal", "1xbet"),
    *("cryptosignal", "bonuscode", "couponcode", "freecoins", "buycheap", "bestprice", "kazino"),
)

_PRAISE = """
0.4: came across your, stumbled upon your, stumbled across your, stumbled upon this
0.4: came across this blog
0.4: your web site, this web site, your website, your weblog, this weblog, your blog is
0.4: your blog post, your posts
0.4: bookmarked, book marked, bookmark your, bookmarking, bookmark this, will bookmark
0.4: added your blog, your rss
0.4: keep up the good, keep up the great, keep up the excellent, keep it up, keep posting
0.4: keep writing, keep on writing
0.4: great post i, great blog, nice blog, awesome blog, amazing blog, wonderful blog, excellent blog
0.4: good blog, cool blog
0.4: nice site, great site, good site, excellent site, wonderful site, awesome site, amazing site
0.4: informative blog
0.4: great website, nice website, excellent website, wonderful website, awesome website
0.4: good website, informative site
0.4: very informative, really informative, so informative, informative article, informative post
0.4: informative content
0.4: thanks for sharing, thank you for sharing, thank you for the information
0.4: thanks for the information, thanks for posting
0.4: thank you for another, thanks for another, thanks for finally, thank you for posting
0.4: thanks designed for
0.4: will be back, come back again, will come back, visit again, coming back to
0.4: look forward to more, waiting for your next
0.4: fantastic read, excellent read, great read, good read, nice read, amazing read
0.4: interesting read, wonderful read
0.4: hello there, hey there, hi there, hello admin, hi admin, dear admin, howdy, greetings
0.4: hi my friend, hi my family member
0.4: magnificent, superb, i am impressed, i m impressed, i really enjoyed
0.4: i have really enjoyed, i truly appreciate
0.4: great information, good information, valuable information, useful information
0.4: helpful information, nice information
0.4: great info, nice info, good info, useful info, amazing info, valuable info, quality content
0.4: amazing content, great content
0.4: what a great, such a great, what a nice, this is a great, this is a very, its a great
0.4: it s a great, what a wonderful
0.4: helped me a lot, help me a lot, very useful, very helpful, really helpful, so helpful
0.4: really useful, extremely helpful
0.4: this article is, this post is, your article is, your post is, the article is, your articles are
0.4: nice share, great share
0.4: share this with, share it with my, shared this, i shared, facebook group, tell my friends
0.4: inform my friends
0.4: subscribe to your, subscribed to your, your feed, rss feed, your subscribers, blog platform
0.4: wordpress theme, your theme
0.4: your writing, your style, writing style, your way of, your content, your layout, web browser
0.4: browser compatibility
0.4: searching for this, looking for this, exactly what i, just what i, i was looking for
0.4: i have been looking, what i needed
0.3: great post, nice post, good post, awesome post, excellent post, amazing post, wonderful post
0.3: fantastic post, brilliant post
0.3: great article, nice article, good article, awesome article, excellent article, amazing article
0.3: wonderful article
0.3: interesting article, interesting post, helpful article, helpful post, useful article
0.3: useful post, well written, very nice
0.3: good job, great job, nice job, great work, good work, nice work, excellent work, well done
0.3: awesome work, great stuff
0.3: your blog, this blog, this site, your site, this website, your article, your post, this great
0.3: quite interesting
0.3: very interesting, really interesting, so interesting, i enjoyed, i like your, i love your
0.3: i love this, i loved, big fan
0.3: love it, i like it, i appreciate, much appreciated, good luck, best wishes, all the best
0.3: god bless, more power, cheers
0.3: nice one, good one, great one, great tips, nice tips, good tips, useful tips, great ideas
0.3: good points, great points
0.3: good day, wow, awesome, amazing, excellent, wonderful, fantastic, outstanding, brilliant
0.3: helpful, impressive
0.3: спасибо за статью, спасибо за информацию, полезная статья, отличная статья, хорошая статья
0.3: интересная статья, отличный сайт
0.3: toller artikel, guter artikel, tolle seite, schoner beitrag, super seite, danke fur den artikel
0.3: sehr informativ
0.3: merci pour cet article, tres bon article, super article, excellent article, beau blog, bon blog
0.3: excelente articulo
0.3: gracias por compartir, muy buen articulo, excelente blog, muy interesante, otimo artigo
0.3: parabens pelo, obrigado por compartilhar
"""

ADVERTISING = Lexicon(_TRADES, _CALLS, _ELSEWHERE)
PRAISE = Lexicon(_PRAISE)
