RSpec.describe 'truth' do
  it('passing') { expect(1).to eq(1) }
  it('failing') { expect(1).to eq(2) }
  it('erring') { raise 'broken' }
  it('skipping') { skip 'not here' }
  xit('disabled') { expect(1).to eq(1) }
  it('expectedfailure') { pending 'as expected'; expect(1).to eq(2) }
  it('unexpectedpass') { pending 'as expected'; expect(1).to eq(1) }

  context 'setup' do
    before { raise 'not ready' }
    it('badsetup') { expect(1).to eq(1) }
  end

  context 'teardown' do
    after { raise 'not tidied up' }
    it('badteardown') { expect(1).to eq(1) }
  end

  context 'suite' do
    after(:all) { raise 'not tidied up' }
    it('badsuiteteardown') { expect(1).to eq(1) }
  end
end
